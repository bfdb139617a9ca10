//! A proxy on loopback that leads to loopback whatever host it is asked for, and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// One tunnel as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// `HOST:PORT`.
    pub to: String,
    /// `Proxy-Authorization`, empty where there is none.
    pub authorization: String,
}

/// A running proxy; it ends with the test.
pub struct Proxy {
    /// `127.0.0.1:PORT`.
    pub address: String,
    asked: Arc<Mutex<Vec<Tunnel>>>,
}

impl Proxy {
    /// One that speaks HTTP's CONNECT (RFC 9110, 9.3.6).
    pub fn http() -> Self {
        Self::start(connect)
    }

    /// One that speaks SOCKS 5 (RFC 1928) and wants no password.
    pub fn socks() -> Self {
        Self::start(socks)
    }

    fn start(greet: fn(&mut TcpStream) -> Option<Tunnel>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<Tunnel>>> = Arc::default();
        let seen = Arc::clone(&asked);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                std::thread::spawn(move || {
                    let mut near = near;
                    let Some(tunnel) = greet(&mut near) else { return };
                    let port = tunnel.to.rsplit(':').next().and_then(|it| it.parse::<u16>().ok());
                    seen.lock().unwrap().push(tunnel);
                    if let Some(far) = port.and_then(|port| TcpStream::connect(("127.0.0.1", port)).ok()) {
                        join(&near, &far);
                    }
                });
            }
        });
        Self { address, asked }
    }

    /// The tunnels asked for since this was last asked.
    pub fn tunnels(&self) -> Vec<Tunnel> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// Carries both directions until either ends.
fn join(near: &TcpStream, far: &TcpStream) {
    let carry = |from: &TcpStream, to: &TcpStream| {
        let (mut from, mut to) = (from, to);
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    std::thread::scope(|both| {
        both.spawn(|| carry(near, far));
        carry(far, near);
    });
}

fn connect(near: &mut TcpStream) -> Option<Tunnel> {
    let mut head = Vec::new();
    // Byte by byte: what follows the head belongs to the tunnel.
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        near.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let to = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let named = |line: &str| line.to_ascii_lowercase().starts_with("proxy-authorization:");
    let authorization = head.lines().find(|line| named(line)).and_then(|line| line.split_once(':'));
    let authorization = authorization.map(|it| it.1.trim().to_owned()).unwrap_or_default();
    near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    Some(Tunnel { to, authorization })
}

fn socks(near: &mut TcpStream) -> Option<Tunnel> {
    let mut greeting = [0; 2];
    near.read_exact(&mut greeting).ok()?;
    near.read_exact(&mut vec![0; greeting[1].into()]).ok()?;
    near.write_all(&[5, 0]).ok()?;
    let mut request = [0; 4];
    near.read_exact(&mut request).ok()?;
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            near.read_exact(&mut address).ok()?;
            std::net::Ipv4Addr::from(address).to_string()
        }
        3 => {
            let mut length = [0];
            near.read_exact(&mut length).ok()?;
            let mut name = vec![0; length[0].into()];
            near.read_exact(&mut name).ok()?;
            String::from_utf8(name).ok()?
        }
        _ => return None,
    };
    let mut port = [0; 2];
    near.read_exact(&mut port).ok()?;
    near.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).ok()?;
    Some(Tunnel { to: format!("{host}:{}", u16::from_be_bytes(port)), authorization: String::new() })
}
