//! A cursor through JSON that is read value by value, by whoever knows what comes next.

use std::ops::Range;

use crate::engine::scan::classify::{Classes, string_end};
use crate::engine::scan::json::{document_end, number_length};

/// No JSON from this byte on.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Broken(pub usize);

#[derive(Clone)]
pub(in super::super) struct Reader<'a> {
    pub bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The next byte that is no white space; the cursor then stands on it.
    pub fn peek(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    /// Goes into a container.
    pub fn open(&mut self, bracket: u8) -> Result<(), Broken> {
        self.expect(bracket)
    }

    /// The key of the next member of the object, without quotes; its value follows. After the last, the object is behind.
    pub fn next_key(&mut self) -> Result<Option<Range<usize>>, Broken> {
        if !self.item(b'{', b'}')? {
            return Ok(None);
        }
        let key = self.string()?;
        self.expect(b':')?;
        Ok(Some(key))
    }

    /// Whether the array has another element, which follows. After the last, the array is behind.
    pub fn next_item(&mut self) -> Result<bool, Broken> {
        self.item(b'[', b']')
    }

    fn item(&mut self, open: u8, close: u8) -> Result<bool, Broken> {
        // What stands before tells a first item from another: only an opening bracket has none before it.
        let before = self.bytes[..self.at].iter().rev().find(|b| !b.is_ascii_whitespace());
        let first = before == Some(&open);
        match self.peek() {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                match self.peek() {
                    Some(byte) if byte != close => Ok(true),
                    _ => Err(Broken(self.at)),
                }
            }
            Some(_) if first => Ok(true),
            _ => Err(Broken(self.at)),
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), Broken> {
        if self.peek() != Some(byte) {
            return Err(Broken(self.at));
        }
        self.at += 1;
        Ok(())
    }

    /// A string, without quotes.
    pub fn string(&mut self) -> Result<Range<usize>, Broken> {
        self.expect(b'"')?;
        let start = self.at;
        let (end, classes) = string_end(self.bytes, start);
        if end >= self.bytes.len() || classes.any(Classes::CONTROL) {
            return Err(Broken(start - 1));
        }
        self.at = end + 1;
        Ok(start..end)
    }

    /// A number or word, as written.
    pub fn bare(&mut self) -> Result<Range<usize>, Broken> {
        self.peek();
        let (start, rest) = (self.at, &self.bytes[self.at..]);
        let word = [b"true".as_slice(), b"false", b"null"].into_iter().find(|word| rest.starts_with(word));
        let length = word.map(<[u8]>::len).or_else(|| number_length(rest)).ok_or(Broken(start))?;
        self.at += length;
        Ok(start..self.at)
    }

    /// Passes a value by.
    pub fn skip(&mut self) -> Result<(), Broken> {
        match self.peek() {
            Some(b'{' | b'[') => self.at = document_end(self.bytes, self.at).ok_or(Broken(self.at))?,
            Some(b'"') => _ = self.string()?,
            _ => _ = self.bare()?,
        }
        Ok(())
    }
}
