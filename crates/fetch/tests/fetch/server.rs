//! A web server for one test, which answers as a function tells it to.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub path: String,
    pub range: Option<String>,
    pub accept_encoding: Option<String>,
}

impl Request {
    /// The `N` of `Range: bytes=N-`.
    pub fn offset(&self) -> Option<usize> {
        let range = self.range.as_ref()?;
        let first = range.strip_prefix("bytes=")?.strip_suffix('-')?;
        Some(first.parse().unwrap())
    }
}

/// What the server sends.
#[derive(Debug, Clone)]
pub struct Reply {
    pub head: String,
    pub body: Vec<u8>,
    /// Whether to keep the connection open and silent instead of closing it.
    pub hold: bool,
}

impl Reply {
    /// A status line, headers and a body, with its true length.
    pub fn new(status: &str, headers: &str, body: &[u8]) -> Self {
        Self {
            head: format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n",
                body.len()
            ),
            body: body.to_owned(),
            hold: false,
        }
    }

    pub fn ok(body: &[u8]) -> Self {
        Self::new("200 OK", "", body)
    }

    pub fn not_found() -> Self {
        Self::new("404 Not Found", "", b"no such file")
    }

    /// The rest of `whole` as asked for, or all of it.
    pub fn range(request: &Request, whole: &[u8]) -> Self {
        let total = whole.len();
        match request.offset() {
            None => Self::ok(whole),
            Some(offset) if offset >= total => Self::new(
                "416 Range Not Satisfiable",
                &format!("Content-Range: bytes */{total}\r\n"),
                b"",
            ),
            Some(offset) => Self::new(
                "206 Partial Content",
                &format!("Content-Range: bytes {offset}-{}/{total}\r\n", total - 1),
                &whole[offset..],
            ),
        }
    }

    /// A body whose end is the end of the connection.
    pub fn without_length(body: &[u8]) -> Self {
        Self {
            head: "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(),
            body: body.to_owned(),
            hold: false,
        }
    }

    /// The same, but only the first `count` bytes of its body are sent.
    pub fn cut(mut self, count: usize) -> Self {
        self.body.truncate(count);
        self
    }

    /// The same, but the connection stays open and silent after it.
    pub fn hold(mut self) -> Self {
        self.hold = true;
        self
    }
}

/// The server; it stops when it is dropped.
pub struct Server {
    address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let (log, stopped, answer) = (requests.clone(), stop.clone(), Arc::new(answer));
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (log, stopped, answer) = (log.clone(), stopped.clone(), answer.clone());
                thread::spawn(move || serve(stream.unwrap(), &log, &stopped, &*answer));
            }
        });
        Self {
            address,
            requests,
            stop,
            thread: Some(thread),
        }
    }

    /// The URL of the folder that it serves.
    pub fn mirror(&self) -> String {
        format!("http://{}/data/", self.address)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The offsets of the requests so far.
    pub fn offsets(&self) -> Vec<Option<usize>> {
        self.requests().iter().map(Request::offset).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Request>>,
    stopped: &AtomicBool,
    answer: &dyn Fn(&Request) -> Reply,
) {
    let Some(request) = read_request(&stream) else {
        return;
    };
    log.lock().unwrap().push(request.clone());
    let reply = answer(&request);
    // The client may have gone, which is for the test to judge.
    let _ = stream.write_all(reply.head.as_bytes());
    let _ = stream.write_all(&reply.body);
    let start = Instant::now();
    while reply.hold && !stopped.load(Ordering::SeqCst) && start.elapsed().as_secs() < 30 {
        thread::sleep(Duration::from_millis(5));
    }
    let _ = stream.shutdown(Shutdown::Both);
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut request = Request {
        path: first.split(' ').nth(1)?.to_owned(),
        range: None,
        accept_encoding: None,
    };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ")?;
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = Some(value.to_owned()),
            "accept-encoding" => request.accept_encoding = Some(value.to_owned()),
            _ => {}
        }
    }
    Some(request)
}

/// A URL on which nothing listens.
pub fn nothing_listens() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/", listener.local_addr().unwrap())
}
