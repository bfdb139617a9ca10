//! A release build holds the screen inside, so it is built again when the screen was.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|it| it == "release") {
        println!("cargo:rerun-if-changed=../../../ui/dist/index.html");
    }
}
