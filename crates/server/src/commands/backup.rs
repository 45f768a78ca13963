//! Backup and restore over HTTP. A backup appears under its name only when it is whole.

use std::fs::{File, OpenOptions};
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::cli::ClientArgs;
use crate::client::{Client, Route};
use crate::exit::{Done, Exit, Failure};
use crate::output::{print, text};

/// What takes longer than this gets a progress bar.
const PATIENCE: Duration = Duration::from_secs(1);
/// Read from the file and sent at once, in bytes.
const CHUNK_BYTES: usize = 256 * 1024;

const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");

pub(super) async fn backup(path: PathBuf, args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let failed = |error: &dyn std::error::Error| {
        Failure::caused(
            Exit::Failed,
            format!("can't write {}", path.display()),
            error,
        )
    };
    if path.exists() {
        return Err(Failure::new(
            Exit::Usage,
            format!("{} exists; a backup never replaces a file", path.display()),
        ));
    }
    let mut request = client.request(Method::GET, &Route::of(&["backup"]))?;
    request.headers_mut().insert(ACCEPT, BINARY);
    let answer = client.send(request.map(|()| Empty::<Bytes>::new())).await?;
    let partial = Partial::create(&path).map_err(|error| failed(&error))?;
    let mut progress = Progress::new(answer.body().size_hint().exact());
    let mut body = answer.into_body();
    let mut bytes: u64 = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|error| Failure::caused(Exit::Unreachable, "the backup broke off", &error))?;
        if let Ok(data) = frame.into_data() {
            (&partial.file)
                .write_all(&data)
                .map_err(|error| failed(&error))?;
            bytes += data.len() as u64;
            progress.at(bytes);
        }
    }
    partial.finish(&path).map_err(|error| failed(&error))?;
    progress.done();
    let result = json!({ "file": path, "bytes": bytes });
    print(args.output, &result, |_| {
        format!("{bytes} bytes written to {}", path.display())
    })
}

pub(super) async fn restore(path: PathBuf, args: ClientArgs) -> Done {
    let client = Client::new(&args)?;
    let failed = |error: std::io::Error| {
        Failure::caused(
            Exit::Usage,
            format!("can't read {}", path.display()),
            &error,
        )
    };
    let file = File::open(&path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    let mut request = client.request(Method::POST, &Route::of(&["restore"]))?;
    request.headers_mut().insert(CONTENT_TYPE, BINARY);
    request.headers_mut().insert(CONTENT_LENGTH, bytes.into());
    let upload = Upload {
        file,
        left: bytes,
        sent: 0,
        progress: Progress::new(Some(bytes)),
    };
    let answer = client.send(request.map(|()| upload)).await?;
    let restored = answer
        .into_body()
        .collect()
        .await
        .map_err(|error| Failure::caused(Exit::Unreachable, "the answer broke off", &error))?;
    let restored = serde_json::from_slice(&restored.to_bytes()).unwrap_or_default();
    print(args.output, &restored, |restored| {
        format!(
            "restored; epoch {} begins at revision {}",
            text(&restored["epoch"]),
            restored["revision"]
        )
    })
}

/// A file under another name until it is whole; removed if that never happens.
struct Partial {
    file: File,
    path: PathBuf,
    whole: bool,
}

impl Partial {
    fn create(path: &Path) -> std::io::Result<Self> {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let path = PathBuf::from(name);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        Ok(Self {
            file,
            path,
            whole: false,
        })
    }

    fn finish(mut self, path: &Path) -> std::io::Result<()> {
        self.file.sync_all()?;
        std::fs::rename(&self.path, path)?;
        self.whole = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.whole {
            // It would be in the way of nothing but tidiness.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A file as a request's body. Reading blocks, which one command on one thread can afford.
struct Upload {
    file: File,
    left: u64,
    sent: u64,
    progress: Progress,
}

impl Body for Upload {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let mut chunk = vec![0; CHUNK_BYTES];
        let read = match self.file.read(&mut chunk) {
            Ok(0) => return Poll::Ready(Some(Err(std::io::ErrorKind::UnexpectedEof.into()))),
            Ok(read) => read,
            Err(error) => return Poll::Ready(Some(Err(error))),
        };
        chunk.truncate(read);
        self.left = self.left.saturating_sub(read as u64);
        self.sent += read as u64;
        let sent = self.sent;
        self.progress.at(sent);
        Poll::Ready(Some(Ok(Frame::data(chunk.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A progress bar on standard error, where a person looks and it takes long enough.
struct Progress {
    begun: Instant,
    total: Option<u64>,
    bar: Option<ProgressBar>,
    watched: bool,
}

impl Progress {
    fn new(total: Option<u64>) -> Self {
        Self {
            begun: Instant::now(),
            total,
            bar: None,
            watched: std::io::stderr().is_terminal(),
        }
    }

    fn at(&mut self, bytes: u64) {
        if !self.watched || self.begun.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = self
                .total
                .map_or_else(ProgressBar::no_length, ProgressBar::new);
            let template = "{bar:40} {bytes} of {total_bytes}, {bytes_per_sec}";
            ProgressStyle::with_template(template)
                .map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
        });
        bar.set_position(bytes);
    }

    fn done(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
    }
}
