//! Listening sockets. Several may share an address (`SO_REUSEPORT`), so the first also has to find out whether somebody
//! else is there: it binds the address once without sharing.

use std::io;
use std::net::{SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

/// Connections that the kernel keeps for us until they are accepted. It takes the lesser of this and `somaxconn`.
const BACKLOG: i32 = 4096;

/// An address that nobody else listens on; keep it until it is shared out.
pub(super) struct Claim {
    address: SocketAddr,
    _socket: Socket,
}

impl Claim {
    /// Fails where another process listens already, whether it shares or not.
    pub(super) fn new(address: SocketAddr) -> io::Result<Self> {
        let socket = open(address)?;
        socket.bind(&address.into())?;
        let address = socket
            .local_addr()?
            .as_socket()
            .ok_or_else(|| io::Error::other("the socket has no internet address"))?;
        Ok(Self {
            address,
            _socket: socket,
        })
    }

    /// The address, with the port that was free when it named none.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Listens on `address`, shared with others of this process. Accepted connections inherit the options.
///
/// `send_bytes_max` bounds what the kernel buffers for a peer that doesn't read. Linux doubles the number it is given, to
/// count its own bookkeeping, and may take less (`wmem_max`).
pub(super) fn bind(address: SocketAddr, send_bytes_max: usize) -> io::Result<TcpListener> {
    let socket = open(address)?;
    socket.set_reuse_port(true)?;
    socket.set_send_buffer_size(send_bytes_max / 2)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn open(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    // A restart must not wait for the connections of the process before it.
    socket.set_reuse_address(true)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
