//! The limits that the registry is held against: a bare HTTP server, and a bare loop of writes. One thread each.
//!
//! `paste-bench-bare http PORT` answers every request with 204 over hyper, and does nothing else.
//! `paste-bench-bare loop PORT` keeps every connection it gets; a line `go BYTES` on one of them makes it write that
//! many bytes to each of the others, one write after the other, and then `done` to that one.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [mode, port] = arguments.as_slice() else {
        return Err("usage: paste-bench-bare http|loop PORT".into());
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    match mode.as_str() {
        "http" => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(serve(address)),
        "loop" => write_loop(address),
        _ => Err(format!("no mode is called {mode}").into()),
    }
}

async fn serve(address: SocketAddr) -> Result<(), Failure> {
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // A client that hangs up is no error of the bench.
            let _ended = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .pipeline_flush(true)
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .await;
        });
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    // A body is read to its end, as the registry does.
    let _body = request.into_body().collect().await;
    let mut response = Response::new(Empty::new());
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}

fn write_loop(address: SocketAddr) -> Result<(), Failure> {
    let listener = TcpListener::bind(address)?;
    // The probe that waited for the port comes first, then the one that gives the word.
    let mut others: Vec<TcpStream> = Vec::new();
    let control = loop {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut greeting = [0];
        match stream.read(&mut greeting) {
            Ok(1) if greeting == *b"c" => break stream,
            Ok(1) => others.push(stream),
            _ => {}
        }
    };
    let mut reader = BufReader::new(control.try_clone()?);
    let mut control = control;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let bytes: usize = line.trim().trim_start_matches("go ").parse()?;
        let message = vec![b'x'; bytes];
        for stream in &mut others {
            stream.write_all(&message)?;
        }
        control.write_all(b"done\n")?;
        line.clear();
    }
    Ok(())
}
