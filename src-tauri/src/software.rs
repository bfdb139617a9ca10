//! A machine without a GPU: the web view must not hand its pictures over in graphics memory, or the window stays empty.

use std::ffi::OsStr;
use std::path::Path;

/// What WebKitGTK reads before anything of it starts; the person's own setting always wins.
const SETTING: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Where Linux has one `renderD*` for each GPU.
const DEVICES: &str = "/dev/dri";

/// Whether the window is drawn by the processor: nothing else is there, or the person asked Mesa for that.
fn is_by_processor(devices: &Path, software: Option<&OsStr>) -> bool {
    let asked = software.and_then(OsStr::to_str).is_some_and(|word| matches!(word, "1" | "true" | "yes"));
    let is_device = |name: &OsStr| name.as_encoded_bytes().starts_with(b"renderD");
    let mut there = std::fs::read_dir(devices).into_iter().flatten().flatten();
    asked || !there.any(|entry| is_device(&entry.file_name()))
}

/// Starts this program again with the setting where the machine needs it, in place of this process. Comes back where
/// nothing is to do, or where that failed: then the window starts as it is.
#[cfg(target_os = "linux")]
pub fn settle() {
    use std::os::unix::process::CommandExt as _;

    let software = std::env::var_os("LIBGL_ALWAYS_SOFTWARE");
    if std::env::var_os(SETTING).is_some() || !is_by_processor(Path::new(DEVICES), software.as_deref()) {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let why = std::process::Command::new(program).args(std::env::args_os().skip(1)).env(SETTING, "1").exec();
        tracing::warn!(%why, "the window could not be started again for a machine without a GPU");
    }
}

/// Other systems hand pictures over in a way of their own.
#[cfg(not(target_os = "linux"))]
pub fn settle() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_render_node_or_told_so_is_drawn_by_its_processor() {
        let devices = tempfile::tempdir().expect("a folder");
        assert!(is_by_processor(devices.path(), None));
        assert!(is_by_processor(&devices.path().join("missing"), None));
        std::fs::write(devices.path().join("card0"), "").expect("a file");
        assert!(is_by_processor(devices.path(), None));
        std::fs::write(devices.path().join("renderD128"), "").expect("a file");
        assert!(!is_by_processor(devices.path(), None));
        assert!(!is_by_processor(devices.path(), Some(OsStr::new("0"))));
        assert!(is_by_processor(devices.path(), Some(OsStr::new("1"))));
    }
}
