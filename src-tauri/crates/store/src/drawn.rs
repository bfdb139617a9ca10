//! Maps as they were drawn for a recording. Each but the first of a segment is told by what differs: many minutes apart from
//! the first, and between those from the last of them. Going to one reads three at most.

use std::io::{Read, Write};

use crate::shared::ZSTD_LEVEL;

/// The depths there are.
pub(crate) const DEPTHS: i64 = 3;

/// The depths others differ from.
pub(crate) const BASES: i64 = DEPTHS - 1;

/// How long, in microseconds, maps are told by what differs from the same one.
const APART: i64 = 5 * 60 * 1_000_000;

/// The largest map read back, in bytes after decompression.
const MAX_MAP_BYTES: u64 = 256 << 20;

/// The largest window of the compression.
const MOST_WINDOW: u32 = 27;

/// One drawn map.
struct Layer {
    at: i64,
    map: Vec<u8>,
    /// How many bytes it takes at rest.
    packed: usize,
}

/// The maps that lead to one, each told by what differs from the one before.
#[derive(Default)]
pub(crate) struct Layers(Vec<Layer>);

impl Layers {
    /// Reads the next.
    pub fn add(&mut self, at: i64, body: &[u8]) -> Result<(), String> {
        let base = self.0.last().map(|it| it.map.as_slice());
        let map = unpack(body, base)?;
        self.0.push(Layer { at, map, packed: body.len() });
        Ok(())
    }

    /// The map they lead to, and when it was drawn.
    pub fn last(mut self) -> Option<(i64, Vec<u8>)> {
        self.0.pop().map(|it| (it.at, it.map))
    }

    /// How the next map is kept: its depth and its bytes at rest.
    pub fn lay(&self, at: i64, map: &[u8]) -> Result<(i64, Vec<u8>), String> {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return Ok((0, pack(map, None)?)) };
        let (depth, base) = if at - last.at >= APART { (1, first) } else { (BASES, last) };
        let body = pack(map, Some(&base.map))?;
        // Where hardly anything is as it was, it stands alone.
        if 2 * body.len() > first.packed { Ok((0, pack(map, None)?)) } else { Ok((depth, body)) }
    }
}

fn pack(map: &[u8], base: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let pack = || -> std::io::Result<Vec<u8>> {
        let base = base.unwrap_or_default();
        let mut encoder = zstd::Encoder::with_ref_prefix(Vec::new(), ZSTD_LEVEL, base)?;
        if !base.is_empty() {
            // What is the same stands about as far back as the base is long.
            let longest = base.len().max(map.len());
            let reach = (longest + longest / 8).next_power_of_two().ilog2();
            encoder.long_distance_matching(true)?;
            encoder.window_log(reach.clamp(10, MOST_WINDOW))?;
        }
        encoder.set_pledged_src_size(Some(map.len() as u64))?;
        encoder.write_all(map)?;
        encoder.finish()
    };
    pack().map_err(|error| error.to_string())
}

fn unpack(body: &[u8], base: Option<&[u8]>) -> Result<Vec<u8>, String> {
    let decoder = zstd::Decoder::with_ref_prefix(body, base.unwrap_or_default()).map_err(|error| error.to_string())?;
    let mut map = Vec::with_capacity(base.map_or(0, <[u8]>::len));
    let read = decoder.take(MAX_MAP_BYTES + 1).read_to_end(&mut map).map_err(|error| error.to_string())?;
    if read as u64 > MAX_MAP_BYTES { Err(format!("holds more than {MAX_MAP_BYTES} bytes")) } else { Ok(map) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that compress badly by themselves; some differ with `change`.
    fn map(change: u64) -> Vec<u8> {
        let mut state = 88_172_645_463_325_252u64;
        let mut bytes = Vec::new();
        for number in 0..20_000u64 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            bytes.extend((if number % 1_000 == change % 1_000 { state ^ change } else { state }).to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_map_is_told_by_what_differs_and_comes_back() {
        let mut kept: Vec<(i64, i64, Vec<u8>)> = Vec::new();
        // The layers as a database finds them: of each depth the last that is not before those of a lower one.
        let layers = |kept: &[(i64, i64, Vec<u8>)], at: i64, depths: i64| {
            let (mut layers, mut from) = (Layers::default(), i64::MIN);
            for depth in 0..depths {
                let fits = |it: &&(i64, i64, Vec<u8>)| it.1 == depth && (from..=at).contains(&it.0);
                if let Some((drawn_at, _, body)) = kept.iter().filter(fits).max_by_key(|it| it.0) {
                    from = *drawn_at;
                    layers.add(*drawn_at, body).unwrap();
                }
            }
            layers
        };
        let moments: Vec<i64> = (0..40).map(|step| step * 60 * 1_000_000).collect();
        for at in &moments {
            let (depth, body) = layers(&kept, *at, BASES).lay(*at, &map(*at as u64)).unwrap();
            kept.push((*at, depth, body));
        }
        let depths: Vec<i64> = kept.iter().take(12).map(|it| it.1).collect();
        assert_eq!(depths, [0, 2, 2, 2, 2, 1, 2, 2, 2, 2, 1, 2]);
        assert!(kept[1..].iter().all(|(.., body)| body.len() * 20 < kept[0].2.len()), "what differs is little");
        for at in &moments {
            let found = layers(&kept, at + 59_000_000, DEPTHS).last().unwrap();
            assert!(found == (*at, map(*at as u64)), "another map than was drawn at {at}");
        }
        assert!(layers(&kept, -1, DEPTHS).last().is_none());
    }

    #[test]
    fn a_map_that_is_like_none_before_stands_alone() {
        let first = Layers(vec![Layer { at: 0, map: map(0), packed: pack(&map(0), None).unwrap().len() }]);
        let other: Vec<u8> = map(0).iter().map(|byte| byte.rotate_left(3) ^ 0x5a).collect();
        assert_eq!(first.lay(1, &other).unwrap().0, 0);
        assert!(unpack(b"not zstd", None).is_err());
    }
}
