//! Requests that give the length of their body twice, as `Content-Length` and as `Transfer-Encoding`. Whoever
//! stands in between may have believed the first, and then sees other requests than this server does: so they
//! are an error, and the connection ends (RFC 9112, 6.1 and 6.3).
//!
//! hyper goes by `Transfer-Encoding`, as it should, and leaves the other header out, whichever came first. So
//! the lines that begin with it are counted in the bytes of the connection, and compared with those that its
//! requests show. None is missed: every head was read before its request is there. One too many is found
//! where a line of a body looks like the header, which no line of JSON or of a form does; where it was sent
//! twice; and where a next request with one follows before the chunked one is answered. A chunked request is
//! then refused although it is in order, and whoever sent it has to connect again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};

/// How the line begins, in any case. Nothing may stand between the name and the colon (RFC 9112, 5.1).
const BEGINNING: &[u8] = b"content-length:";

/// How many lengths the requests of a connection have not shown, of those that were read.
#[derive(Default)]
pub struct Lengths(Arc<AtomicUsize>);

impl Lengths {
    /// Whether the next request of the connection came with both headers.
    pub fn are_two(&self, headers: &HeaderMap) -> bool {
        if headers.contains_key(TRANSFER_ENCODING) {
            return self.0.load(Ordering::Relaxed) > 0;
        }
        self.0.fetch_sub(headers.get_all(CONTENT_LENGTH).iter().count(), Ordering::Relaxed);
        false
    }

    /// What counts them in the bytes.
    pub fn counter(&self) -> Counter {
        Counter { unshown: Arc::downgrade(&self.0), begun: None }
    }
}

/// Counts lengths for as long as somebody asks for them; a WebSocket has no headers any more.
pub struct Counter {
    unshown: Weak<AtomicUsize>,
    /// How much of [`BEGINNING`] the line has that is being read; `None` once it begins otherwise.
    begun: Option<usize>,
}

impl Counter {
    /// Looks through what was read next. It may end anywhere.
    pub fn pass(&mut self, read: &[u8]) {
        match self.unshown.upgrade() {
            Some(unshown) => {
                unshown.fetch_add(self.count(read), Ordering::Relaxed);
            }
            None => self.unshown = Weak::new(),
        }
    }

    fn count(&mut self, mut bytes: &[u8]) -> usize {
        let mut found = 0;
        while let Some(byte) = bytes.first() {
            match self.begun {
                Some(at) if byte.eq_ignore_ascii_case(&BEGINNING[at]) => {
                    let is_whole = at + 1 == BEGINNING.len();
                    found += usize::from(is_whole);
                    self.begun = (!is_whole).then_some(at + 1);
                    bytes = &bytes[1..];
                }
                _ => {
                    let end = bytes.iter().position(|byte| *byte == b'\n');
                    self.begun = end.map(|_| 0);
                    bytes = end.map_or(&[], |end| &bytes[end + 1..]);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const READ: &[u8] =
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-lengths: 2\r\nX-Content-Length: 3\r\n\
        content-\r\nCONTENT-LENGTH:4\ncontent-lcontent-length: 5\r\n content-length: 6\r\n\ncontent-length:";

    #[test]
    fn lines_are_counted_wherever_a_read_ends() {
        for first in 0..=READ.len() {
            for second in first..=READ.len() {
                let mut counter = Lengths::default().counter();
                let reads = [&READ[..first], &READ[first..second], &READ[second..]];
                assert_eq!(
                    reads.map(|read| counter.count(read)).iter().sum::<usize>(),
                    3,
                    "{first}, {second}"
                );
            }
        }
    }

    #[test]
    fn what_a_request_shows_is_not_held_against_the_next() {
        let headers = |name, value| HeaderMap::from_iter([(name, HeaderValue::from_static(value))]);
        let (plain, chunked) = (headers(CONTENT_LENGTH, "1"), headers(TRANSFER_ENCODING, "chunked"));
        let lengths = Lengths::default();
        let mut counter = lengths.counter();
        counter.pass(b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n0");
        assert!(!lengths.are_two(&plain));
        assert!(!lengths.are_two(&chunked));
        counter.pass(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        assert!(lengths.are_two(&chunked));
    }

    #[test]
    fn nothing_is_counted_once_nobody_asks() {
        let lengths = Lengths::default();
        let mut counter = lengths.counter();
        drop(lengths);
        counter.pass(b"\nContent-Length: 1\r\n");
        assert!(counter.unshown.ptr_eq(&Weak::new()), "its memory is kept");
        assert_eq!(counter.begun, None, "it was looked through");
    }
}
