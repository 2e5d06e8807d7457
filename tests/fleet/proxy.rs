//! A proxy between the program and etcd that does what networks do.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// What becomes of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is passed on, and its answer passed back.
    Passed,
    /// It is passed on, and its answer is lost.
    AnswerLost,
    /// It is passed on twice, and the second answer is passed back.
    SentTwice,
    /// It is cut off half-way, and never whole.
    Cut,
    /// It takes this long to arrive.
    Late(Duration),
    /// It is never passed on, and the connection stays open.
    Held,
    /// It is passed on, and its answer never comes, while the connection stays open.
    AnswerHeld,
}

/// How long a connection stays open of which nothing more comes.
const HOLD: Duration = Duration::from_secs(10);

/// Decides on a request: the how manieth it is, and its path.
type Decide = dyn Fn(u64, &str) -> Fate + Send + Sync;

/// A proxy on a port of its own, for as long as it is there.
pub struct Proxy {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    /// How many requests came.
    pub asked: Arc<AtomicU64>,
    /// How many answers are held back.
    pub held: Arc<AtomicU64>,
}

impl Proxy {
    /// Stands before an address, and decides on each request.
    pub fn before(
        upstream: SocketAddr,
        decide: impl Fn(u64, &str) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, decide): (_, Arc<Decide>) = (Arc::clone(&is_over), Arc::new(decide));
        let (asked, held) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counts = (Arc::clone(&asked), Arc::clone(&held));
        thread::spawn(move || {
            for client in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (decide, (number, held)) = (Arc::clone(&decide), counts.clone());
                let Ok(client) = client else { continue };
                // A connection that breaks is what a client has to live with.
                thread::spawn(move || serve(client, upstream, &*decide, &number, &held).ok());
            }
        });
        Self { address, is_over, asked, held }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // It waits for one connection more.
        let _ = TcpStream::connect(self.address);
    }
}

/// Serves one request of a connection, which ends with it.
fn serve(
    client: TcpStream,
    upstream: SocketAddr,
    decide: &Decide,
    number: &AtomicU64,
    answered: &AtomicU64,
) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            head.push_str("connection: close\r\n\r\n");
            break;
        }
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let path = head.split(' ').nth(1).unwrap_or_default();
    let request = [head.as_bytes(), &body].concat();
    let mut client = client;
    match decide(number.fetch_add(1, Ordering::Relaxed), path) {
        Fate::Passed => client.write_all(&ask(upstream, &request)?),
        Fate::AnswerLost => ask(upstream, &request).map(drop),
        Fate::SentTwice => {
            ask(upstream, &request)?;
            client.write_all(&ask(upstream, &request)?)
        }
        Fate::Cut => {
            let half = &request[..request.len() / 2];
            TcpStream::connect(upstream)?.write_all(half)
        }
        Fate::Held => {
            thread::sleep(HOLD);
            Ok(())
        }
        Fate::AnswerHeld => {
            ask(upstream, &request)?;
            answered.fetch_add(1, Ordering::Relaxed);
            thread::sleep(HOLD);
            Ok(())
        }
        Fate::Late(delay) => {
            thread::sleep(delay);
            client.write_all(&ask(upstream, &request)?)
        }
    }
}

fn ask(upstream: SocketAddr, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream)?;
    server.set_nodelay(true)?;
    server.write_all(request)?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    Ok(answer)
}
