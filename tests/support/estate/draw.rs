//! Chance from a seed, and names drawn with it.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub struct Draw(u64);

impl Draw {
    /// A stream of its own for each purpose and number, so that objects can be drawn in any order.
    pub fn new(seed: u64, purpose: &str, number: usize) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in purpose.bytes() {
            state = state.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte);
        }
        let mut draw = Self(state.wrapping_add((number as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9)));
        draw.next();
        draw
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 where there is none.
    pub fn below(&mut self, n: usize) -> usize {
        if n == 0 { 0 } else { (self.next() % n as u64) as usize }
    }

    pub fn chance(&mut self, of: usize, among: usize) -> bool {
        self.below(among) < of
    }

    /// A number below `n`, low ones much more often: the quarter of the lowest takes half.
    pub fn skewed(&mut self, n: usize) -> usize {
        let share = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        ((share * share) * n as f64) as usize
    }

    pub fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }

    /// A UID as the API server makes them.
    pub fn uid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }

    /// Letters as controllers append them to names (`k8s.io/apimachinery/pkg/util/rand`).
    pub fn suffix(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..length).map(|_| LETTERS[self.below(LETTERS.len())] as char).collect()
    }
}

const TEAMS: [&str; 24] = [
    "payments", "checkout", "catalog", "search", "identity", "ledger", "shipping", "pricing", "media", "growth",
    "risk", "fraud", "mail", "mobile", "web", "data", "ml", "billing", "orders", "support", "fleet", "maps", "ads",
    "platform",
];
const PLACES: [&str; 6] = ["prod", "canary", "batch", "eu", "us", "apac"];
const DOES: [&str; 20] = [
    "cart", "quote", "session", "profile", "invoice", "refund", "tax", "stock", "price", "rate", "index", "feed",
    "image", "token", "audit", "report", "event", "rule", "score", "route",
];
const IS: [&str; 12] = [
    "api",
    "worker",
    "gateway",
    "service",
    "consumer",
    "sync",
    "cache",
    "proxy",
    "scheduler",
    "writer",
    "reader",
    "exporter",
];

/// `payments-prod-3`; the first is `kube-system`.
pub fn space_name(seed: u64, number: usize) -> String {
    if number == 0 {
        return "kube-system".to_owned();
    }
    let mut draw = Draw::new(seed, "space", number);
    format!("{}-{}-{number}", draw.pick(&TEAMS), draw.pick(&PLACES))
}

/// `cart-worker-812`, one name per house of the whole city.
pub fn house_name(seed: u64, kind: &str, number: usize) -> String {
    let mut draw = Draw::new(seed, kind, number);
    let mark = match kind {
        "StatefulSet" => "db-",
        "DaemonSet" => "agent-",
        _ => "",
    };
    format!("{}-{}-{mark}{number}", draw.pick(&DOES), draw.pick(&IS))
}

/// The team a namespace belongs to.
pub fn team(space: &str) -> &str {
    space.split('-').next().unwrap_or(space)
}
