//! Archives: tar, mostly within gzip, read once from beginning to end. Nothing is ever written to disk, so that no name in
//! an archive can reach a file of this machine; names that try are listed.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use broadstreet_core::ports::ClusterError;
use broadstreet_core::time::Moment;
use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;

use super::{Limits, Reader, bad};

/// The bytes that say gzip.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// Where a tar says what it is, and what it says.
const TAR_MARK: (usize, &[u8]) = (257, b"ustar");

/// So much of a file tells what it is.
const HEAD: usize = 512;

/// What a file is, told by its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// Text as it is.
    None,
    /// One text within gzip.
    Gzip,
    /// A tar.
    Tar,
    /// A tar within gzip.
    TarGzip,
}

/// Tells what a file is. A gzip that breaks off within its first block is taken for an archive, which then says so.
pub(super) fn wrapping(path: &Path) -> Result<Wrapping, ClusterError> {
    let open = || File::open(path).map_err(|error| bad(path, error.to_string()));
    let head = beginning(open()?).map_err(|error| bad(path, error.to_string()))?;
    if !head.starts_with(GZIP) {
        return Ok(if is_tar(&head) { Wrapping::Tar } else { Wrapping::None });
    }
    match beginning(MultiGzDecoder::new(BufReader::new(open()?))) {
        Ok(inner) if !is_tar(&inner) => Ok(Wrapping::Gzip),
        _ => Ok(Wrapping::TarGzip),
    }
}

fn beginning(from: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    from.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn is_tar(head: &[u8]) -> bool {
    head.get(TAR_MARK.0..).is_some_and(|rest| rest.starts_with(TAR_MARK.1))
}

/// Passes bytes on and stops after so many: a small file can unfold without end.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            // Only who goes on reading is told: an archive may end exactly here.
            let mut one = [0];
            return match self.inner.read(&mut one)? {
                0 => Ok(0),
                _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, "it unfolds to more than is read")),
            };
        }
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut into[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Reads the one text within gzip, up to the limit of a file.
pub(super) fn unwrap(path: &Path, limits: Limits) -> Result<Vec<u8>, ClusterError> {
    let file = File::open(path).map_err(|error| bad(path, error.to_string()))?;
    let mut bytes = Vec::new();
    let mut inner = Bounded { inner: MultiGzDecoder::new(BufReader::new(file)), left: limits.file };
    inner.read_to_end(&mut bytes).map_err(|error| bad(path, words(&error, 0)))?;
    Ok(bytes)
}

/// Reads every file of an archive that somebody may want.
pub(super) fn read(path: &Path, is_gzip: bool, reader: &mut Reader<'_>) {
    let limits = reader.limits;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) => return reader.wrong(bad(path, error.to_string())),
    };
    let packed = file.metadata().map_or(0, |about| about.len());
    let left = if is_gzip { limits.unfolded(packed) } else { packed };
    let file = BufReader::new(file);
    let bytes: Box<dyn Read> = if is_gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut archive = tar::Archive::new(Bounded { inner: bytes, left });
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return reader.wrong(bad(path, words(&error, 0))),
    };
    let mut count = 0;
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => return reader.wrong(bad(path, words(&error, count))),
        };
        count += 1;
        if count > limits.entries {
            let why = format!("it holds more than {} entries; what stands before them was read", limits.entries);
            return reader.wrong(bad(path, why));
        }
        if let Err(error) = one(path, &mut entry, reader) {
            return reader.wrong(bad(path, words(&error, count)));
        }
    }
}

/// Takes one entry; fails only where the archive itself cannot be read further.
fn one(archive: &Path, entry: &mut tar::Entry<'_, impl Read>, reader: &mut Reader<'_>) -> io::Result<()> {
    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let shown = archive.join(shortened(&name));
    let kind = entry.header().entry_type();
    if kind.is_dir() || kind.is_pax_global_extensions() {
        return Ok(());
    }
    let Some(parts) = inside(&name) else {
        reader.wrong(bad(&shown, "its name leads out of the archive; it is not read"));
        return Ok(());
    };
    if kind.is_symlink() || kind.is_hard_link() {
        reader.pass_over(&parts);
        return Ok(());
    }
    if !kind.is_file() && !kind.is_gnu_sparse() && !kind.is_contiguous() {
        reader.wrong(bad(&shown, "it is neither a file nor a folder; it is not read"));
        return Ok(());
    }
    let at = entry.header().mtime().ok().and_then(moment);
    if !reader.wants(&parts) {
        reader.pass_over(&parts);
        return Ok(());
    }
    let size = entry.size();
    if size > reader.limits.file {
        reader.wrong(bad(&shown, format!("it has {size} bytes; up to {} are read", reader.limits.file)));
        return Ok(());
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    reader.take(&shown, &parts, bytes, at);
    Ok(())
}

/// The parts of a path that stays below its root; nothing for others.
fn inside(name: &str) -> Option<Vec<String>> {
    let is_odd = |c: char| c == '\\' || c.is_control();
    if name.starts_with('/') || name.len() > 4096 || name.contains(is_odd) {
        return None;
    }
    let parts: Vec<String> =
        name.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    (!parts.is_empty() && parts.iter().all(|part| part != "..")).then_some(parts)
}

/// A name for people: one line, not longer than that.
fn shortened(name: &str) -> String {
    let plain = name.trim_start_matches('/').chars().map(|c| if c.is_control() { '?' } else { c });
    plain.take(200).collect()
}

fn moment(seconds: u64) -> Option<Moment> {
    let at = DateTime::<Utc>::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
    // Archives made to be the same each time say 1970 or 1980.
    (seconds > 631_152_000).then_some(at)
}

/// What went wrong with an archive, and how far it was read.
fn words(error: &io::Error, entries: usize) -> String {
    let read = match entries {
        0 => "nothing of it was read".to_owned(),
        1 => "the one entry before was read".to_owned(),
        count => format!("the {count} entries before were read"),
    };
    match error.kind() {
        io::ErrorKind::UnexpectedEof => format!("it ends in the middle, {read}: fetch it again"),
        io::ErrorKind::FileTooLarge => {
            format!("it unfolds to more than is read, {read}: unpack it and pass the folder")
        }
        _ => format!("it is broken, {read}: {error}"),
    }
}
