//! Numbers and texts as bytes and back.

/// Appends a number, seven bits a byte, lowest first.
pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a signed number, small ones of both signs short.
pub(super) fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// Bytes being read.
#[derive(Clone)]
pub(super) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// What was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or("ends in the middle")?;
        self.rest = rest;
        Ok(taken)
    }

    pub fn text(&mut self, length: usize) -> Result<&'a str, String> {
        let bytes = self.bytes(length)?;
        std::str::from_utf8(bytes).map_err(|_| "has a text that is not UTF-8".to_owned())
    }

    #[inline]
    pub fn number(&mut self) -> Result<u64, String> {
        // Most are small.
        if let [byte, rest @ ..] = self.rest
            && *byte < 0x80
        {
            self.rest = rest;
            return Ok(u64::from(*byte));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Result<u64, String> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("has a number that does not end".to_owned())
    }

    pub fn signed(&mut self) -> Result<i64, String> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// A count of things that take at least a byte each, so that a lie is found before memory is taken for it.
    pub fn count(&mut self, of: &str) -> Result<usize, String> {
        let number = self.number()?;
        usize::try_from(number)
            .ok()
            .filter(|count| *count <= self.rest.len())
            .ok_or_else(|| format!("claims {number} for {of}, more than it has bytes"))
    }

    pub fn below(&mut self, limit: usize, what: &str) -> Result<u32, String> {
        let number = self.number()?;
        usize::try_from(number)
            .ok()
            .filter(|number| *number < limit)
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| format!("names {what} {number} of {limit}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_number_comes_back(number in any::<i64>(), unsigned in any::<u64>()) {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, number);
            put(&mut bytes, unsigned);
            let mut input = Input::new(&bytes);
            prop_assert_eq!(input.signed().unwrap(), number);
            prop_assert_eq!(input.number().unwrap(), unsigned);
        }
    }
}
