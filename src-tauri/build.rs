//! What Tauri prepares at compile time.

fn main() {
    tauri_build::build();
}
