//! The fonts carried along, and the system's where those lack a character.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use typst::foundations::Bytes;
use typst::text::Font;

/// Font files larger than this are left alone.
const MAX_FONT_BYTES: u64 = 64 << 20;

/// Every font there is to set with.
pub(crate) struct Fonts {
    carried: Vec<Font>,
    system: Mutex<System>,
}

/// What was found among the system's fonts.
#[derive(Default)]
struct System {
    fonts: Vec<Font>,
    /// Characters no font here has.
    nowhere: BTreeSet<char>,
}

impl Fonts {
    /// The fonts carried along.
    pub(crate) fn new() -> Self {
        let carried = typst_assets::fonts().flat_map(|data| Font::iter(Bytes::new(data))).collect();
        Self { carried, system: Mutex::default() }
    }

    /// The fonts for a text: those carried along, and of the system's only such as it needs, so that a text they cover
    /// looks the same everywhere.
    pub(crate) fn for_text(&self, text: &str) -> Vec<Font> {
        let mut fonts = self.carried.clone();
        let mut missing: BTreeSet<char> = text.chars().filter(|c| !c.is_ascii() && !covered(&fonts, *c)).collect();
        if missing.is_empty() {
            return fonts;
        }
        let mut system = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = missing.clone();
        missing.retain(|c| !covered(&system.fonts, *c) && !system.nowhere.contains(c));
        if !missing.is_empty() {
            for font in files(&directories()).iter().flat_map(|path| read(path)) {
                let before = missing.len();
                missing.retain(|c| !font.info().coverage.contains(u32::from(*c)));
                if missing.len() < before {
                    system.fonts.push(font);
                }
                if missing.is_empty() {
                    break;
                }
            }
            system.nowhere.extend(missing);
        }
        let useful = |font: &&Font| wanted.iter().any(|c| font.info().coverage.contains(u32::from(*c)));
        fonts.extend(system.fonts.iter().filter(useful).cloned());
        fonts
    }
}

fn covered(fonts: &[Font], c: char) -> bool {
    fonts.iter().any(|font| font.info().coverage.contains(u32::from(c)))
}

fn directories() -> Vec<PathBuf> {
    let home = |rest: &str| std::env::home_dir().map(|home| home.join(rest));
    let windows = || std::env::var_os("WINDIR").map(|root| PathBuf::from(root).join("Fonts"));
    let fixed = ["/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts"];
    let own = [home(".local/share/fonts"), home(".fonts"), home("Library/Fonts"), windows()];
    fixed.into_iter().map(PathBuf::from).chain(own.into_iter().flatten()).collect()
}

/// Font files below some folders, in the order of their paths.
fn files(directories: &[PathBuf]) -> Vec<PathBuf> {
    let mut open = directories.to_vec();
    let mut found = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            // Links are not followed: they may lead in circles.
            match entry.file_type() {
                Ok(is) if is.is_dir() => open.push(entry.path()),
                Ok(is) if is.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.retain(|path| {
        let extension = path.extension().and_then(|it| it.to_str()).map(str::to_ascii_lowercase);
        extension.is_some_and(|it| matches!(it.as_str(), "ttf" | "otf" | "ttc" | "otc"))
    });
    found.sort();
    found
}

fn read(path: &Path) -> Vec<Font> {
    if std::fs::metadata(path).map_or(u64::MAX, |about| about.len()) > MAX_FONT_BYTES {
        return Vec::new();
    }
    // A font that cannot be read is as good as none.
    std::fs::read(path).map_or_else(|_| Vec::new(), |bytes| Font::iter(Bytes::new(bytes)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_the_carried_fonts_cover_needs_no_other() {
        let fonts = Fonts::new();
        let latin = fonts.for_text("Grüße, naïve Łódź, “quoted” – 5 ≥ 4, Привет, Ωμέγα");
        assert_eq!(latin.len(), fonts.carried.len());
        assert!(fonts.system.lock().unwrap().fonts.is_empty());
    }

    #[test]
    fn a_character_nobody_has_is_looked_for_once() {
        let fonts = Fonts::new();
        fonts.for_text("\u{10fffd}");
        fonts.for_text("\u{10fffd}");
        assert_eq!(fonts.system.lock().unwrap().nowhere.len(), 1);
    }
}
