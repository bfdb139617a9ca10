//! How fast the way to the server is, and so whether lists are asked for compressed.
//!
//! kube-apiserver compresses about 7 MB a second, and a list of pods to an eighth: worth it on a slow way, a brake on a
//! fast one. Watches are never asked for so: each event would wait for the compressor.

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// A way over which one page comes slower than this, in bytes a second, while others come beside it.
const SLOW: f64 = 1e6;
/// Bodies smaller than this say nothing about the way.
const TELLING: usize = 64 << 10;
/// On a slow way every so manieth page is asked for plain, to learn whether the way is faster now.
const LOOK_AGAIN: u32 = 32;

/// What is known of the way.
#[derive(Debug, Default)]
pub struct Link {
    /// Pages since the way was found slow; 0 while it is not.
    slow_for: AtomicU32,
}

impl Link {
    /// Whether the next page is to be asked for compressed.
    pub fn is_slow(&self) -> bool {
        let next = |pages: u32| (pages > 0).then(|| pages % LOOK_AGAIN + 1);
        self.slow_for.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok_and(|pages| pages < LOOK_AGAIN)
    }

    /// A body came plain: so many bytes in so long.
    pub fn measured(&self, bytes: usize, took: Duration) {
        if bytes >= TELLING {
            let is_slow = bytes as f64 / took.as_secs_f64().max(1e-6) < SLOW;
            self.slow_for.store(u32::from(is_slow), Ordering::Relaxed);
        }
    }
}

/// Unpacks a body piece by piece, whatever it was packed with.
pub enum Unpacking {
    /// It was not.
    Plain,
    /// By gzip; a server may send one member for each event.
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
}

impl Unpacking {
    /// As the head of the answer says.
    ///
    /// # Errors
    /// Names an encoding nobody asked for.
    pub fn of(head: &HeaderMap) -> Result<Self, String> {
        match head.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase()) {
            None => Ok(Self::Plain),
            Some(encoding) if encoding.is_empty() || encoding == "identity" => Ok(Self::Plain),
            Some(encoding) if encoding == "gzip" => Ok(Self::Gzip(Box::new(MultiGzDecoder::new(Vec::new())))),
            Some(encoding) => Err(format!("an answer in the encoding `{encoding}`, which was not asked for")),
        }
    }

    /// Whether it was packed.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain)
    }

    /// Takes a piece and puts behind `whole` what it holds.
    ///
    /// # Errors
    /// For a piece that is no continuation of what came before.
    pub fn take(&mut self, piece: &[u8], whole: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::Plain => whole.extend_from_slice(piece),
            Self::Gzip(packed) => {
                let taken = packed.write_all(piece).and_then(|()| packed.flush());
                taken.map_err(|error| format!("a compressed answer that cannot be unpacked ({error})"))?;
                whole.append(packed.get_mut());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_way_is_asked_for_compressed_pages_and_looked_at_again() {
        let link = Link::default();
        assert!(!link.is_slow(), "at first nothing is known");
        link.measured(1000, Duration::from_secs(60));
        assert!(!link.is_slow(), "a small answer says nothing");
        link.measured(4 << 20, Duration::from_secs(40));
        assert_eq!((0..64).filter(|_| link.is_slow()).count(), 62, "two pages in 64 are plain");
        link.measured(4 << 20, Duration::from_secs(1));
        assert!(!link.is_slow());
    }

    #[test]
    fn a_body_of_one_or_several_members_is_the_same_however_it_is_cut() {
        let packed = |text: &str| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(text.as_bytes()).expect("memory");
            packer.finish().expect("memory")
        };
        let body = [packed("{\"a\":"), packed("1}")].concat();
        let mut head = HeaderMap::new();
        head.insert(CONTENT_ENCODING, "gzip".parse().expect("a value"));
        for size in [1, 5, body.len()] {
            let (mut unpacking, mut whole) = (Unpacking::of(&head).expect("known"), Vec::new());
            for piece in body.chunks(size) {
                unpacking.take(piece, &mut whole).expect("whole");
            }
            assert_eq!(whole, b"{\"a\":1}", "pieces of {size}");
        }
        let (mut unpacking, mut whole) = (Unpacking::of(&head).expect("known"), Vec::new());
        assert!(unpacking.take(b"<html>no gzip</html>", &mut whole).is_err());
        head.insert(CONTENT_ENCODING, "br".parse().expect("a value"));
        assert!(Unpacking::of(&head).is_err_and(|why| why.contains("`br`")));
    }
}
