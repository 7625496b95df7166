//! Forwarding fields: only trusted proxies are believed, and what stands before an untrusted address changes
//! nothing. The input's lines are the field's.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use tidegate::classify::client::{Client, End, Field, Trust};
use tidegate::classify::networks;
use tidegate_fuzz::lines;

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const CALLER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn client(trust: &Trust, peer: IpAddr, lines: &[Vec<u8>]) -> Client {
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(trust.field.name(), value);
        }
    }
    trust.client(peer, &headers)
}

fuzz_target!(|data: &[u8]| {
    let proxies = networks(["10.0.0.0/8", "fd00::/8"]).expect("networks");
    let lines: Vec<_> = lines(data).into_iter().map(<[u8]>::to_vec).collect();
    for field in [Field::XForwardedFor, Field::Forwarded] {
        let trust = Trust { proxies: proxies.clone(), field };
        let is_trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(&address));
        let stranger = client(&trust, CALLER, &lines);
        assert_eq!((stranger.address, stranger.hops), (CALLER, 0), "a stranger is believed nothing");

        let found = client(&trust, PROXY, &lines);
        assert_eq!(found.end == End::Untrusted, !is_trusted(found.address));
        assert_eq!(found.address, found.address.to_canonical());

        // The caller wrote the lines; the proxy added the caller behind them, in the last line or in one more.
        let element: &[u8] = match field {
            Field::XForwardedFor => b"192.0.2.1",
            Field::Forwarded => b"proto=https;for=\"192.0.2.1:80\"",
        };
        let mut one_more = lines.clone();
        one_more.push(element.to_vec());
        let mut appended = lines.clone();
        let last = appended.last_mut().expect("there is a line, be it empty");
        last.extend(b", ");
        last.extend(element);
        if HeaderValue::from_bytes(last).is_err() {
            *last = element.to_vec();
        }
        for told in [one_more, appended] {
            let found = client(&trust, PROXY, &told);
            assert_eq!(found, Client { address: CALLER, hops: 1, end: End::Untrusted }, "{told:?}");
        }
    }
});
