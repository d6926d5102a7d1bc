//! Which addresses belong to the public Internet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `address` is one that anybody on the Internet could reach: not this machine, not its
/// network, not a group, not a range kept for documentation or tests. An IPv6 address that stands for
/// an IPv4 one is as public as that.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    const KEPT_APART: [([u8; 4], u32); 14] = [
        ([0, 0, 0, 0], 8),       // this network
        ([10, 0, 0, 0], 8),      // private
        ([100, 64, 0, 0], 10),   // shared by the customers of one provider
        ([127, 0, 0, 0], 8),     // loopback
        ([169, 254, 0, 0], 16),  // link-local
        ([172, 16, 0, 0], 12),   // private
        ([192, 0, 0, 0], 24),    // protocol assignments
        ([192, 0, 2, 0], 24),    // documentation
        ([192, 88, 99, 0], 24),  // former 6to4 relays
        ([192, 168, 0, 0], 16),  // private
        ([198, 18, 0, 0], 15),   // benchmarks
        ([198, 51, 100, 0], 24), // documentation
        ([203, 0, 113, 0], 24),  // documentation
        ([224, 0, 0, 0], 3),     // multicast, reserved, broadcast
    ];
    let bits = address.to_bits();
    let is_in = |(network, length): &([u8; 4], u32)| {
        let mask = u32::MAX << (32 - length);
        bits & mask == u32::from_be_bytes(*network)
    };
    !KEPT_APART.iter().any(is_in)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let last_32_bits = || Ipv4Addr::from_bits(u32::from(segments[6]) << 16 | u32::from(segments[7]));
    match segments {
        // IPv4 written as IPv6, and IPv4 behind a translator of the network.
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => is_public_v4(last_32_bits()),
        // Protocol assignments: Teredo, benchmarks, ORCHID. Documentation. 6to4. Documentation.
        [0x2001, 0..0x200 | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..0x1000, ..] => false,
        // Everything else that was ever given out for the Internet is in 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(public: bool, addresses: &[&str]) {
        for text in addresses {
            assert_eq!(is_public(text.parse().unwrap()), public, "{text}");
        }
    }

    #[test]
    fn public_addresses_are_told_from_all_others() {
        check(
            true,
            &["1.1.1.1", "8.8.8.8", "93.184.215.14", "9.255.255.255", "11.0.0.0"],
        );
        check(
            true,
            &["100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0"],
        );
        check(
            true,
            &["169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0"],
        );
        check(
            true,
            &[
                "192.0.1.0",
                "192.0.3.0",
                "192.88.98.255",
                "192.88.100.0",
                "192.167.255.255",
            ],
        );
        check(
            true,
            &[
                "192.169.0.0",
                "198.17.255.255",
                "198.20.0.0",
                "198.51.99.255",
                "203.0.114.0",
            ],
        );
        check(true, &["223.255.255.255"]);
        check(
            true,
            &[
                "2606:4700:4700::1111",
                "2001:4860:4860::8888",
                "2a00:1450:4001:80b::200e",
            ],
        );
        check(true, &["2001:200::1", "3ffe:ffff::1", "2003::1"]);
    }

    #[test]
    fn this_machine_and_its_networks_are_not_public() {
        check(
            false,
            &["0.0.0.0", "0.255.255.255", "127.0.0.1", "127.255.255.255"],
        );
        check(
            false,
            &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255"],
        );
        check(
            false,
            &["192.168.0.0", "192.168.255.255", "100.64.0.0", "100.127.255.255"],
        );
        check(false, &["169.254.0.0", "169.254.169.254", "169.254.255.255"]);
        check(
            false,
            &[
                "::",
                "::1",
                "fe80::1",
                "febf::1",
                "fec0::1",
                "fc00::1",
                "fd00:ec2::254",
            ],
        );
    }

    #[test]
    fn groups_tests_and_documentation_are_not_public() {
        check(
            false,
            &[
                "192.0.0.0",
                "192.0.0.170",
                "192.0.2.1",
                "192.88.99.1",
                "198.18.0.0",
            ],
        );
        check(
            false,
            &["198.19.255.255", "198.51.100.1", "203.0.113.255", "224.0.0.1"],
        );
        check(false, &["239.255.255.255", "240.0.0.1", "255.255.255.255"]);
        check(
            false,
            &[
                "ff02::1",
                "ff0e::1",
                "100::1",
                "2001::1",
                "2001:2::1",
                "2001:10::1",
            ],
        );
        check(
            false,
            &[
                "2001:20::1",
                "2001:1ff:ffff::1",
                "2001:db8::1",
                "3fff::1",
                "3fff:fff:ffff::1",
            ],
        );
        check(false, &["5f00::1", "4000::1", "1fff::1", "e000::1"]);
    }

    #[test]
    fn an_ipv4_address_is_judged_in_each_spelling() {
        check(
            false,
            &["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"],
        );
        check(
            false,
            &["64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::c0a8:1"],
        );
        check(
            false,
            &["::127.0.0.1", "::ffff:0:127.0.0.1", "::10.0.0.1", "::8.8.8.8"],
        );
        check(
            false,
            &[
                "2002:7f00:1::",
                "2002:a00:1::1",
                "2002:808:808::1",
                "64:ff9b:1::10.0.0.1",
            ],
        );
        check(true, &["::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]);
    }
}
