//! The limits of a connection, tried on real sockets with limits small enough to wait for.

use std::convert::Infallible;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

use http_body_util::{BodyExt, Either, Full, StreamBody};

use super::*;

/// Nothing below takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

type Endless = http_body_util::combinators::BoxBody<Bytes, Infallible>;

/// `/` answers, `/echo` reads the body first, `/endless` never stops writing.
#[derive(Clone)]
struct Answers;

impl Answers {
    /// The body; that of `/upload` may take its time.
    fn body(&self, mut request: Request<RequestBody>) -> RequestBody {
        if request.uri().path() == "/upload" {
            request.body_mut().take_time();
        }
        request.into_body()
    }
}

impl Handler for Answers {
    type Body = Either<Full<Bytes>, Endless>;

    async fn handle(&self, request: Request<RequestBody>, _peer: Peer) -> Response<Self::Body> {
        let text =
            |text: &'static str| Either::Left(Full::new(Bytes::from_static(text.as_bytes())));
        match request.uri().path() {
            "/endless" => {
                let chunk = Bytes::from(vec![b'x'; 16 * 1024]);
                let frames = std::iter::repeat_with(move || {
                    Ok::<_, Infallible>(http_body::Frame::data(chunk.clone()))
                });
                let body = StreamBody::new(futures_util::stream::iter(frames));
                Response::new(Either::Right(BodyExt::boxed(body)))
            }
            "/echo" | "/upload" => match self.body(request).collect().await {
                Ok(body) => Response::new(Either::Left(Full::new(body.to_bytes()))),
                Err(BodyError::TooSlow) => {
                    let mut answer = Response::new(text("too slow"));
                    *answer.status_mut() = http::StatusCode::REQUEST_TIMEOUT;
                    answer
                }
                Err(BodyError::Broken(_)) => Response::new(text("broken")),
            },
            _ => Response::new(text("hello")),
        }
    }
}

fn tight() -> Config {
    Config {
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        workers: 2,
        head_timeout: Duration::from_millis(200),
        idle_timeout: PATIENCE,
        body_idle_timeout: Duration::from_millis(200),
        body_timeout: Duration::from_millis(600),
        write_timeout: Duration::from_millis(300),
        ..Config::default()
    }
}

fn start(config: Config) -> Running {
    Listener::bind(config)
        .expect("bound")
        .serve(&Answers, None)
        .expect("started")
}

fn connect(running: &Running) -> TcpStream {
    let stream = TcpStream::connect(running.address()).expect("connected");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    stream
}

/// All that comes until the other side closes or resets.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) => {
                assert_ne!(error.kind(), io::ErrorKind::WouldBlock, "never closed");
                break;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn ask(stream: &mut TcpStream, path: &str) -> String {
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .expect("written");
    rest(stream)
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        std::thread::yield_now();
    }
}

fn stop(running: Running) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(running.stop(Duration::from_secs(5)))
}

#[test]
fn it_answers_and_stops() {
    let running = start(tight());
    assert!(ask(&mut connect(&running), "/").ends_with("hello"));
    let address = running.address();
    assert_eq!(stop(running), 0);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_taken_port_is_refused_although_ours_are_shared() {
    let running = start(tight());
    let again = Listener::bind(Config {
        address: running.address(),
        ..tight()
    });
    assert!(matches!(again, Err(ListenError::Bind { .. })));
    stop(running);
}

#[test]
fn a_head_that_trickles_is_cut_off() {
    let running = start(tight());
    let mut stream = connect(&running);
    stream.write_all(b"GET / HTTP/1.1\r\n").expect("written");
    let begun = Instant::now();
    // A header line now and then doesn't buy time.
    while stream.write_all(b"X: y\r\n").is_ok() {
        assert!(begun.elapsed() < PATIENCE, "never cut off");
        std::thread::yield_now();
        if running.counters().head_timeouts() > 0 {
            break;
        }
    }
    eventually("counted", || running.counters().head_timeouts() == 1);
    assert!(ask(&mut connect(&running), "/").ends_with("hello"));
    stop(running);
}

#[test]
fn an_idle_connection_is_closed() {
    let running = start(Config {
        idle_timeout: Duration::from_millis(50),
        ..tight()
    });
    let mut stream = connect(&running);
    write!(stream, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("written");
    assert!(rest(&mut stream).ends_with("hello"));
    eventually("closed", || running.counters().open() == 0);
    stop(running);
}

#[test]
fn a_head_of_a_megabyte_is_answered_431() {
    let running = start(Config {
        head_timeout: PATIENCE,
        ..tight()
    });
    let mut stream = connect(&running);
    let mut writing = stream.try_clone().expect("cloned");
    let writer = std::thread::spawn(move || {
        let head = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(1024 * 1024));
        // The whole of it is taken, although it is refused early: the peer gets to read why.
        writing.write_all(head.as_bytes()).expect("taken");
        writing.shutdown(Shutdown::Write).expect("ended");
    });
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    writer.join().expect("written");
    stop(running);
}

#[test]
fn a_body_that_stops_coming_is_given_up() {
    let running = start(tight());
    let mut stream = connect(&running);
    write!(
        stream,
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhalf"
    )
    .expect("written");
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    stop(running);
}

#[test]
fn a_body_that_trickles_is_given_up() {
    let running = start(tight());
    let mut stream = connect(&running);
    write!(
        stream,
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000000\r\n\r\n"
    )
    .expect("written");
    let mut writing = stream.try_clone().expect("cloned");
    let writer = std::thread::spawn(move || while writing.write_all(b"x").is_ok() {});
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    stream.shutdown(Shutdown::Both).ok();
    writer.join().expect("ended");
    stop(running);
}

#[test]
fn an_upload_may_take_its_time_while_it_keeps_coming() {
    let config = Config {
        body_idle_timeout: PATIENCE,
        ..tight()
    };
    let pause = config.body_timeout / 2;
    let running = start(config);
    let mut stream = connect(&running);
    write!(
        stream,
        "POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
    )
    .expect("written");
    // Longer in all than a body may take otherwise.
    for byte in b"slow" {
        std::thread::sleep(pause);
        stream.write_all(&[*byte]).expect("still taken");
    }
    let answer = rest(&mut stream);
    assert!(answer.ends_with("slow"), "{answer}");
    stop(running);
}

#[test]
fn an_upload_that_stops_coming_is_given_up() {
    let running = start(tight());
    let mut stream = connect(&running);
    write!(
        stream,
        "POST /upload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9\r\n\r\nhalf"
    )
    .expect("written");
    let answer = rest(&mut stream);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    stop(running);
}

#[test]
fn a_peer_that_never_reads_is_cut_off() {
    let running = start(tight());
    let mut stream = connect(&running);
    write!(stream, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").expect("written");
    eventually("cut off", || running.counters().write_timeouts() == 1);
    eventually("closed", || running.counters().open() == 0);
    stop(running);
}

#[test]
fn one_connection_too_many_is_told_so() {
    let running = start(Config {
        connections_max: 1,
        head_timeout: PATIENCE,
        ..tight()
    });
    let first = connect(&running);
    eventually("accepted", || running.counters().open() == 1);
    let answer = rest(&mut connect(&running));
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.ends_with(&format!("Content-Length: {}", body.len())));
    assert_eq!(running.counters().refused(), 1);
    drop(first);
    eventually("gone", || running.counters().open() == 0);
    assert!(ask(&mut connect(&running), "/").ends_with("hello"));
    stop(running);
}

#[test]
fn an_answer_under_way_is_cut_off_when_the_grace_is_over() {
    let running = start(Config {
        write_timeout: PATIENCE,
        ..tight()
    });
    let mut stream = connect(&running);
    write!(stream, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n").expect("written");
    let mut first = [0; 1];
    stream.read_exact(&mut first).expect("it has begun");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    assert_eq!(runtime.block_on(running.stop(Duration::from_millis(50))), 1);
}
