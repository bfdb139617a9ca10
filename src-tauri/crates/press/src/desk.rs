//! What the typesetter can reach: one source, the document's pictures and the fonts. Nothing else is there for it.

use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::fonts::Fonts;

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(<Library as LibraryExt>::default()));

const MAIN: &str = "/document.typ";

/// One document to be set.
pub(crate) struct Desk {
    source: Source,
    pictures: Vec<(FileId, Bytes)>,
    fonts: Vec<Font>,
    book: LazyHash<FontBook>,
}

impl Desk {
    /// Lays out the source and its pictures, by path.
    pub(crate) fn new(source: String, pictures: &[(String, Bytes)], fonts: &Fonts) -> Self {
        let fonts = fonts.for_text(&source);
        let pictures = pictures.iter().filter_map(|(path, bytes)| Some((file(path)?, bytes.clone()))).collect();
        let source = match file(MAIN) {
            Some(main) => Source::new(main, source),
            None => Source::detached(source),
        };
        Self { source, pictures, book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts }
    }
}

fn file(path: &str) -> Option<FileId> {
    Some(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?).intern())
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(missing(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.pictures.iter().find(|(known, _)| *known == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_with_slash().into())
}
