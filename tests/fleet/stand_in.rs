//! What else may listen where etcd should.

use std::io::{Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Something that listens and is not etcd.
pub struct StandIn {
    pub endpoint: String,
    requests: Arc<AtomicUsize>,
}

impl StandIn {
    /// Answers each request by the same bytes, and closes the connection.
    pub fn answers(answer: &'static str) -> Self {
        Self::does(move |mut stream| {
            let _ = stream.write_all(answer.as_bytes());
        })
    }

    /// Answers whatever comes by an error of HTTP, as servers without TLS do.
    pub fn plain() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 1 << 12]);
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            }
        });
        Self { endpoint, requests: Arc::default() }
    }

    /// Does something with each connection once a request has come.
    pub fn does(what: impl Fn(TcpStream) + Send + 'static) -> Self {
        Self::reads(move |_, stream| what(stream))
    }

    /// The same, with the request's body.
    pub fn reads(what: impl Fn(Vec<u8>, TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        // It lives as long as the tests' process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if let Some(body) = read_request(&mut stream) {
                    counted.fetch_add(1, Ordering::SeqCst);
                    what(body, stream);
                }
            }
        });
        Self { endpoint, requests }
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Reads a request, and returns its body; `None` if none comes.
fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => read.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8_lossy(&read).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    stream.read_exact(&mut body).ok().map(|()| body)
}
