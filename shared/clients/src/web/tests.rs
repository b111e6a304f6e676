use proptest::prelude::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;

/// A program that gives every caller the same answer and then stays on the line.
async fn program(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut lines = Vec::new();
        while let Ok((mut line, _)) = listener.accept().await {
            let _ = line.read(&mut [0; 4096]).await;
            let _ = line.write_all(answer.as_bytes()).await;
            lines.push(line);
        }
    });
    address
}

fn to(url: &str) -> Inquiry<'_> {
    let patience = Duration::from_secs(1);
    Inquiry { url, headers: &[("x-number", "1")], body: "{}", patience, most: 5 }
}

fn strangers(exempt: &str) -> Web {
    Web::of_strangers(Hosts::from(exempt.to_owned()))
}

#[tokio::test]
async fn an_answer_is_read_as_far_as_it_is_wanted() {
    for (body, read, is_whole) in
        [("", "", true), ("four!", "four!", true), ("sixsix", "sixsi", false)]
    {
        let answer =
            format!("HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let there = program(answer.leak()).await;
        let answer = Web::of_settings().post(to(&format!("http://{there}/x"))).await.unwrap();
        assert_eq!(answer.status, 201);
        assert_eq!((answer.body.as_slice(), answer.is_whole), (read.as_bytes(), is_whole));
    }
}

#[tokio::test]
async fn redirects_are_answers_like_any_other() {
    let inner = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let url = format!("http://{}/", program(inner).await);
    let answer = Web::of_settings().post(to(&url)).await.unwrap();
    assert_eq!(answer.status, StatusCode::FOUND);
    assert_eq!(answer.headers["location"], "http://127.0.0.1:1/");
}

#[tokio::test]
async fn who_says_nothing_or_half_of_it_is_late() {
    for half in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"] {
        let url = format!("http://{}/", program(half).await);
        let inquiry = Inquiry { patience: Duration::from_millis(50), ..to(&url) };
        let late = Web::of_settings().post(inquiry).await.unwrap_err();
        assert!(matches!(late, WebError::Late), "{late:?}");
    }
}

#[tokio::test]
async fn strangers_send_nobody_into_the_house() {
    let there = program("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let port = there.port();
    for url in [
        format!("http://{there}/"),
        format!("https://{there}/"),
        format!("https://[::1]:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://user@example.org:{port}/"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "http://example.org/".to_owned(),
        "ftp://example.org/".to_owned(),
        "/path".to_owned(),
        "no address".to_owned(),
    ] {
        let refused = strangers("").post(to(&url)).await.unwrap_err();
        assert!(matches!(refused, WebError::Forbidden), "{url}: {refused:?}");
    }
    // Names are refused when they turn out to stand for the house, however it is written.
    for host in ["localhost", "2130706433", "0x7f.1", "0"] {
        let refused = strangers("").post(to(&format!("https://{host}:{port}/"))).await.unwrap_err();
        assert!(matches!(refused, WebError::Unreachable(_)), "{host}: {refused:?}");
    }
    for exempt in ["localhost", "127.0.0.1"] {
        let url = format!("http://{exempt}:{port}/");
        assert_eq!(strangers(exempt).post(to(&url)).await.unwrap().status, 200);
    }
}

#[test]
fn only_addresses_of_the_open_internet_are_public() {
    let public = |text: &str| is_public(text.parse().unwrap());
    for open in [
        "1.1.1.1",
        "93.184.215.14",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "192.169.0.1",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2001:200::1",
        "2001:4860:4860::8888",
        "::ffff:1.1.1.1",
    ] {
        assert!(public(open), "{open}");
    }
    for closed in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "169.254.170.2",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "ff02::1",
    ] {
        assert!(!public(closed), "{closed}");
    }
}

proptest! {
    #[test]
    fn what_the_library_knows_to_be_private_is_not_public(address: u32) {
        let address = Ipv4Addr::from(address);
        let private = address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_multicast()
            || address.is_broadcast()
            || address.is_documentation()
            || address.is_unspecified();
        prop_assert!(!(private && is_public(address.into())));
        prop_assert!(!private || !is_public(address.to_ipv6_mapped().into()));
    }
}
