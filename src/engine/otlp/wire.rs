//! Protobuf as it is on the wire (protobuf.dev, "Encoding"): fields one after the other, each with a number, a type and, if
//! it has one, a length. Nothing is allocated and no length is believed that goes beyond what is there.

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub number: u32,
    /// First byte of the tag.
    pub tag: usize,
    /// First byte of the length, of a field that has one; else of the value.
    pub length: usize,
    /// The value, without its length.
    pub start: usize,
    pub end: usize,
    pub form: Form,
}

/// How the value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Varint,
    Fixed64,
    Bytes,
    Fixed32,
}

/// Not protobuf from this byte on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed(pub usize);

/// The field that begins at `at` of a message that ends at `end`. Groups, which OTLP never had, are malformed.
#[inline]
pub(super) fn field(bytes: &[u8], at: usize, end: usize) -> Result<Field, Malformed> {
    let message = &bytes[..end];
    let (tag, value) = varint(message, at)?;
    let number = u32::try_from(tag >> 3).ok().filter(|number| (1..1 << 29).contains(number));
    let number = number.ok_or(Malformed(at))?;
    let (form, start, stop) = match tag & 7 {
        0 => (Form::Varint, value, varint(message, value)?.1),
        1 => (Form::Fixed64, value, value + 8),
        2 => {
            let (length, start) = varint(message, value)?;
            let stop = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
            (Form::Bytes, start, stop.ok_or(Malformed(value))?)
        }
        5 => (Form::Fixed32, value, value + 4),
        _ => return Err(Malformed(at)),
    };
    if stop > end {
        return Err(Malformed(value));
    }
    Ok(Field { number, tag: at, length: value, start, end: stop, form })
}

/// The varint that begins at `at`, and where it ends.
#[inline]
pub(super) fn varint(message: &[u8], at: usize) -> Result<(u64, usize), Malformed> {
    match message.get(at) {
        Some(&byte) if byte < 0x80 => return Ok((u64::from(byte), at + 1)),
        None => return Err(Malformed(at)),
        Some(_) => {}
    }
    let mut value = 0u64;
    for (index, &byte) in message[at..].iter().take(10).enumerate() {
        if index == 9 && byte > 1 {
            break;
        }
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte < 0x80 {
            return Ok((value, at + index + 1));
        }
    }
    Err(Malformed(at))
}

/// Appends a varint.
pub(super) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a field of bytes.
pub(super) fn put_bytes(number: u32, value: &[u8], out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3 | 2, out);
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_come_back() {
        for value in [0, 1, 127, 128, 300, 1 << 32, u64::MAX >> 1, u64::MAX] {
            let mut out = Vec::new();
            put_varint(value, &mut out);
            assert_eq!(varint(&out, 0), Ok((value, out.len())));
            assert_eq!(varint(&out[..out.len() - 1], 0), Err(Malformed(0)), "{value}");
        }
        assert_eq!(varint(&[0xff; 11], 0), Err(Malformed(0)));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], 0), Err(Malformed(0)));
    }

    #[test]
    fn fields_end_where_their_message_ends() {
        let whole = [0x0a, 3, b'a', b'b', b'c', 0x10, 7];
        let first = field(&whole, 0, whole.len()).unwrap();
        assert_eq!((first.number, first.length, first.start, first.end), (1, 1, 2, 5));
        assert_eq!(field(&whole, 5, whole.len()).map(|f| (f.number, f.form)), Ok((2, Form::Varint)));
        for (bytes, end, at) in [
            (&whole[..], 4, 1), // longer than its message
            (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..], 11, 1), // longer than memory
            (&[0x09, 1, 2][..], 3, 1),                                                     // half a number
            (&[0x0b][..], 1, 0),                                                           // a group
            (&[0x02, 0][..], 2, 0),                                                        // number 0
            (&[0x0a][..], 1, 1),                                                           // no length
        ] {
            assert_eq!(field(bytes, 0, end), Err(Malformed(at)));
        }
    }
}
