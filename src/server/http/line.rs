//! A connection's bytes. Whoever does not read what they asked for is hung up on: hyper has no limit
//! for that, and a WebSocket's own, which is shorter and says why, covers only the WebSocket. What is read is
//! looked through for what hyper does not tell.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::lengths::Counter;

/// Within this time whoever is behind takes all that waits, or as much as [`STEP`].
const WRITE_TIME: Duration = Duration::from_secs(12);
/// At this pace, five kilobytes a second, an answer of any length may be taken.
const STEP: usize = 64 * 1024;

/// A stream, and with it, for as long as it is open, whatever counts it.
pub struct Line<H> {
    stream: TcpStream,
    patience: Duration,
    /// Runs out when the other end does not read; set while something could not be written.
    behind: Option<Pin<Box<Sleep>>>,
    /// What was written since then.
    taken: usize,
    lengths: Counter,
    _held: H,
}

impl<H> Line<H> {
    pub fn new(stream: TcpStream, lengths: Counter, held: H) -> Self {
        Self { stream, patience: WRITE_TIME, behind: None, taken: 0, lengths, _held: held }
    }

    fn in_time(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Pending => {
                let patience = self.patience;
                let behind = self.behind.get_or_insert_with(|| Box::pin(sleep(patience)));
                if behind.as_mut().poll(cx).is_ready() {
                    metrics::counter!("mosaic_stuck_connections_total").increment(1);
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            Poll::Ready(Ok(count)) if self.behind.is_some() => {
                self.taken += count;
                if self.taken >= STEP {
                    self.catch_up();
                }
            }
            Poll::Ready(_) => {}
        }
        written
    }

    fn catch_up(&mut self) {
        (self.behind, self.taken) = (None, 0);
    }
}

impl<H: Unpin> AsyncRead for Line<H> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.lengths.pass(&buf.filled()[before..]);
        read
    }
}

impl<H: Unpin> AsyncWrite for Line<H> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when nothing waits any more.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.catch_up();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    use super::*;
    use crate::server::http::lengths::Lengths;

    async fn pair() -> (Line<()>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let far = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Line::new(listener.accept().await.unwrap().0, Lengths::default().counter(), ()), far)
    }

    /// Fills the buffers between the two, so that the next byte has to wait.
    async fn fill(line: &mut Line<()>) {
        let chunk = [0; STEP];
        while timeout(Duration::from_millis(100), line.write(&chunk)).await.is_ok() {}
    }

    #[tokio::test]
    async fn who_does_not_read_is_hung_up_on() {
        let (mut line, _far) = pair().await;
        line.patience = Duration::from_millis(300);
        fill(&mut line).await;
        let error = line.write_all(b"more").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn who_reads_at_last_gets_all_of_it() {
        let (mut line, mut far) = pair().await;
        fill(&mut line).await;
        assert!(line.behind.is_some());
        let reader = tokio::spawn(async move {
            let mut all = Vec::new();
            far.read_to_end(&mut all).await.map(|_| all)
        });
        line.write_all(b"the end").await.unwrap();
        line.flush().await.unwrap();
        assert!(line.behind.is_none(), "somebody who caught up is still counted as behind");
        line.shutdown().await.unwrap();
        assert!(reader.await.unwrap().unwrap().ends_with(b"the end"));
    }
}
