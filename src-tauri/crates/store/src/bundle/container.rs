//! The one zip file a list of named parts has: sorted names, stored, no times, no extra fields.
//!
//! Written here and not by a library, because the bytes must be the same with every version of this program: a library
//! may change what it writes beside the content. Any unzip program opens it.

/// The largest file a zip without its 64-bit extension holds.
const MAX_BYTES: usize = u32::MAX as usize;
/// The most parts it holds.
const MAX_PARTS: usize = u16::MAX as usize;
/// The longest name of a part, in bytes.
const MAX_NAME: usize = 200;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 1.0 is enough to read stored files.
const VERSION_NEEDED: u16 = 10;
/// Made on Unix, by version 2.0.
const VERSION_MADE_BY: u16 = 0x0314;
/// Names are UTF-8.
const FLAGS: u16 = 0x0800;
/// 1 January 1980, the first day a zip can say.
const DATE: u16 = 0x0021;
/// A plain file, readable by all, writable by its owner.
const MODE: u32 = 0o100_644 << 16;

/// What is wrong: the part, and what of it.
pub(super) type Wrong = (String, String);

/// Writes the file. `parts` are ordered by name and distinct.
pub(super) fn write(parts: &[(String, Vec<u8>)]) -> Result<Vec<u8>, Wrong> {
    let parts: Vec<(&str, &[u8])> = parts.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    write_slices(&parts)
}

fn write_slices(parts: &[(&str, &[u8])]) -> Result<Vec<u8>, Wrong> {
    if parts.len() > MAX_PARTS {
        return Err(("whole".to_owned(), format!("has {} parts, {MAX_PARTS} at most are possible", parts.len())));
    }
    let total: usize = parts.iter().map(|(name, bytes)| bytes.len().saturating_add(2 * name.len() + 76)).sum();
    if total > MAX_BYTES - 22 {
        return Err(("whole".to_owned(), format!("would take {total} bytes, {MAX_BYTES} at most are possible")));
    }
    let mut out = Vec::with_capacity(total + 22);
    let mut directory = Vec::new();
    for (name, bytes) in parts {
        let offset = out.len() as u32;
        let same = common(name, bytes);
        out.extend(LOCAL.to_le_bytes());
        out.extend(&same);
        out.extend(name.as_bytes());
        out.extend(*bytes);
        directory.extend(CENTRAL.to_le_bytes());
        directory.extend(VERSION_MADE_BY.to_le_bytes());
        directory.extend(&same);
        // No comment, first disk, no internal attributes.
        directory.extend([0; 6]);
        directory.extend(MODE.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let offset = out.len() as u32;
    out.extend(&directory);
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend((parts.len() as u16).to_le_bytes());
    out.extend((parts.len() as u16).to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend([0; 2]);
    Ok(out)
}

/// The fields a file has in both of its headers.
fn common(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(26);
    for field in [VERSION_NEEDED, FLAGS, 0, 0, DATE] {
        out.extend(field.to_le_bytes());
    }
    out.extend(crc32(bytes).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend((name.len() as u16).to_le_bytes());
    out.extend([0; 2]);
    out
}

/// Reads a file [`write`] wrote and nothing else: what is read, written again, is the same file.
///
/// Copies nothing and takes no memory but the list, whatever the file claims.
pub(super) fn read(file: &[u8]) -> Result<Vec<(&str, &[u8])>, Wrong> {
    let mut parts: Vec<(&str, &[u8])> = Vec::new();
    let mut rest = file;
    let cut = |part: &str| (part.to_owned(), "is cut short".to_owned());
    while rest.starts_with(&LOCAL.to_le_bytes()) {
        let last = parts.last().map_or("whole", |(name, _)| name);
        let header = rest.get(..30).ok_or_else(|| cut(last))?;
        let number =
            |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize;
        let name_length = usize::from(u16::from_le_bytes([header[26], header[27]]));
        if name_length > MAX_NAME {
            return Err((last.to_owned(), "is followed by a part with too long a name".to_owned()));
        }
        let name = rest.get(30..30 + name_length).ok_or_else(|| cut(last))?;
        let name = std::str::from_utf8(name)
            .map_err(|_| (last.to_owned(), "is followed by a part whose name is no text".to_owned()))?;
        if header[4..14] != common(name, &[])[..10] || header[28..30] != [0; 2] {
            return Err((name.to_owned(), "is packed in a way no bundle is".to_owned()));
        }
        let from = 30 + name_length;
        let bytes = rest.get(from..from + number(22)).ok_or_else(|| cut(name))?;
        if number(18) != bytes.len() || number(14) != crc32(bytes) as usize {
            return Err((name.to_owned(), "does not have the checksum or size its header names".to_owned()));
        }
        if parts.last().is_some_and(|(before, _)| *before >= name) {
            return Err((name.to_owned(), "is there twice or out of order".to_owned()));
        }
        parts.push((name, bytes));
        if parts.len() > MAX_PARTS {
            return Err((name.to_owned(), "is one part too many".to_owned()));
        }
        rest = &rest[from + bytes.len()..];
    }
    if parts.is_empty() {
        return Err(("whole".to_owned(), "is no bundle of Broadstreet".to_owned()));
    }
    if write_slices(&parts)? != file {
        return Err(("directory".to_owned(), "is cut short, changed, or followed by something else".to_owned()));
    }
    Ok(parts)
}

/// CRC-32 as zip counts it (ISO 3309, reflected polynomial).
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0, |crc, byte| (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize])
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn parts() -> Vec<(String, Vec<u8>)> {
        [("a", "one"), ("b/c", ""), ("d", "three")].map(|(n, t)| (n.to_owned(), t.as_bytes().to_vec())).into()
    }

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_written_is_read_and_another_program_reads_it_too() {
        let file = write(&parts()).unwrap();
        let read: Vec<(String, Vec<u8>)> =
            read(&file).unwrap().into_iter().map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
        assert_eq!(read, parts());
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
        let mut text = String::new();
        archive.by_name("d").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((archive.len(), text.as_str()), (3, "three"));
    }

    #[test]
    fn no_byte_can_be_changed_removed_or_added() {
        let file = write(&parts()).unwrap();
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut changed = file.clone();
                changed[at] ^= 1 << bit;
                assert_ne!(read(&changed).ok(), read(&file).ok(), "byte {at} bit {bit}");
            }
            assert!(read(&file[..at]).is_err(), "cut at {at}");
        }
        assert!(read(&[file.as_slice(), b"x"].concat()).is_err());
        assert!(read(&[b"x", file.as_slice()].concat()).is_err());
    }

    #[test]
    fn a_zip_of_another_program_or_with_a_name_twice_is_refused() {
        let mut twice = parts();
        twice[1].0 = "a".to_owned();
        assert!(read(&write(&twice).unwrap()).unwrap_err().1.contains("twice"));
        let mut other = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        other.start_file("a", zip::write::SimpleFileOptions::default()).unwrap();
        assert!(read(&other.finish().unwrap().into_inner()).is_err());
        assert!(read(b"").is_err());
    }
}
