//! What is to be written instead of which bytes of a request, collected in any order and applied once.

/// The edits of one request.
#[derive(Default)]
pub(super) struct Edits {
    list: Vec<Edit>,
    texts: Vec<u8>,
}

struct Edit {
    start: u32,
    end: u32,
    /// Range of the texts.
    text: (u32, u32),
}

impl Edits {
    /// How many there are so far: with [`Edits::forget`], to take back those of one record.
    pub fn mark(&self) -> (usize, usize) {
        (self.list.len(), self.texts.len())
    }

    pub fn forget(&mut self, (list, texts): (usize, usize)) {
        self.list.truncate(list);
        self.texts.truncate(texts);
    }

    /// Writes something in the place of `start..end`, and says by how much the request grows.
    pub fn replace(&mut self, start: usize, end: usize, write: impl FnOnce(&mut Vec<u8>)) -> i64 {
        let from = self.texts.len();
        write(&mut self.texts);
        let to = self.texts.len();
        self.list.push(Edit { start: start as u32, end: end as u32, text: (from as u32, to as u32) });
        (to - from) as i64 - (end - start) as i64
    }

    /// Appends `request` with all edits to `out`. Of edits inside of each other the outer counts.
    pub fn apply(mut self, request: &[u8], out: &mut Vec<u8>) {
        self.list.sort_by_key(|edit| (edit.start, std::cmp::Reverse(edit.end)));
        let mut at = 0;
        for edit in &self.list {
            if (edit.start as usize) < at {
                continue;
            }
            out.extend_from_slice(&request[at..edit.start as usize]);
            out.extend_from_slice(&self.texts[edit.text.0 as usize..edit.text.1 as usize]);
            at = edit.end as usize;
        }
        out.extend_from_slice(&request[at..]);
    }
}
