//! Whole clusters made from a seed, in the shapes the scale targets are measured on.
//!
//! The counts of [`Shape::CENSUS`] are those of a production cluster published with the scale test of Radar
//! (skyhook-io/radar, 1.8); [`Shape::K8S_MAX`] are the documented limits of one cluster
//! (kubernetes.io/docs/setup/best-practices/cluster-large). Everything else (names, labels, references, who calls whom,
//! what is broken) is drawn from the seed: the same seed gives the same bytes on any machine.

mod draw;
mod kinds;
mod pods;

use std::sync::{Arc, OnceLock};

use draw::Draw;

/// How many objects of each kind.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// What it is called in tables.
    pub name: &'static str,
    /// Namespaces.
    pub namespaces: usize,
    /// Nodes.
    pub nodes: usize,
    /// Deployments.
    pub deployments: usize,
    /// Those of the past included.
    pub replica_sets: usize,
    /// `StatefulSet`s.
    pub stateful_sets: usize,
    /// `DaemonSet`s.
    pub daemon_sets: usize,
    /// Pods.
    pub pods: usize,
    /// Services.
    pub services: usize,
    /// Ingresses.
    pub ingresses: usize,
    /// Jobs.
    pub jobs: usize,
    /// `CronJob`s.
    pub cron_jobs: usize,
    /// `ConfigMap`s.
    pub config_maps: usize,
    /// Secrets.
    pub secrets: usize,
    /// `PersistentVolumeClaim`s.
    pub claims: usize,
    /// `HorizontalPodAutoscaler`s.
    pub autoscalers: usize,
    /// `PodDisruptionBudget`s.
    pub budgets: usize,
    /// `NetworkPolicy` objects.
    pub policies: usize,
    /// `ServiceAccount`s.
    pub accounts: usize,
    /// Pods that are not well.
    pub unhealthy: usize,
    /// Alerts that fire.
    pub alerts: usize,
}

impl Shape {
    /// A production cluster of many small things.
    pub const CENSUS: Self = Self {
        name: "census",
        namespaces: 432,
        nodes: 248,
        deployments: 19_924,
        replica_sets: 43_033,
        stateful_sets: 388,
        daemon_sets: 9,
        pods: 29_455,
        services: 23_547,
        ingresses: 16_977,
        jobs: 19_861,
        cron_jobs: 4_291,
        config_maps: 3_894,
        secrets: 26_668,
        claims: 787,
        autoscalers: 385,
        budgets: 12,
        policies: 1_480,
        accounts: 545,
        unhealthy: 400,
        alerts: 120,
    };

    /// As large as one cluster may be.
    pub const K8S_MAX: Self = Self {
        name: "K8s-max",
        namespaces: 400,
        nodes: 5_000,
        deployments: 9_000,
        replica_sets: 18_000,
        stateful_sets: 600,
        daemon_sets: 6,
        pods: 150_000,
        services: 10_000,
        ingresses: 1_500,
        jobs: 1_200,
        cron_jobs: 300,
        config_maps: 6_000,
        secrets: 9_000,
        claims: 1_800,
        autoscalers: 1_200,
        budgets: 800,
        policies: 600,
        accounts: 900,
        unhealthy: 2_000,
        alerts: 500,
    };

    /// The same city with every count divided, for tests.
    #[must_use]
    pub fn divided(self, by: usize) -> Self {
        let part = |n: usize| n.div_ceil(by);
        Self {
            name: "a part",
            namespaces: part(self.namespaces),
            nodes: part(self.nodes),
            deployments: part(self.deployments),
            replica_sets: part(self.replica_sets).max(part(self.deployments)),
            stateful_sets: part(self.stateful_sets),
            daemon_sets: part(self.daemon_sets),
            pods: part(self.pods),
            services: part(self.services),
            ingresses: part(self.ingresses),
            jobs: part(self.jobs),
            cron_jobs: part(self.cron_jobs),
            config_maps: part(self.config_maps),
            secrets: part(self.secrets),
            claims: part(self.claims),
            autoscalers: part(self.autoscalers),
            budgets: part(self.budgets),
            policies: part(self.policies),
            accounts: part(self.accounts),
            unhealthy: part(self.unhealthy),
            alerts: part(self.alerts),
        }
    }
}

/// A workload that runs pods.
#[derive(Clone, Debug)]
pub struct House {
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    pub kind: &'static str,
    /// Number among its kind.
    pub number: usize,
    /// Number of its namespace.
    pub space: usize,
    /// Its name.
    pub name: String,
    /// How many pods.
    pub pods: usize,
    /// The number of the first of them.
    pub first_pod: usize,
    /// Every pod of it crashes.
    pub broken: bool,
    /// Numbers of the houses it names in its environment.
    pub calls: Vec<usize>,
}

/// One made-up cluster.
#[derive(Clone, Debug)]
pub struct Estate {
    /// How many of each kind it has.
    pub shape: Shape,
    seed: u64,
    /// Its workloads, in the order in which their pods are numbered.
    pub houses: Vec<House>,
    /// House by pod.
    house_of: Vec<u32>,
    spaces: Vec<String>,
}

impl Estate {
    /// Draws the city: which houses there are, how many pods each has, who calls whom and what is broken.
    #[must_use]
    pub fn new(shape: Shape, seed: u64) -> Self {
        let mut draw = Draw::new(seed, "city", 0);
        let spaces: Vec<String> = (0..shape.namespaces).map(|n| draw::space_name(seed, n)).collect();
        let mut houses = Vec::with_capacity(shape.deployments + shape.stateful_sets + shape.daemon_sets);
        let kinds =
            [("Deployment", shape.deployments), ("StatefulSet", shape.stateful_sets), ("DaemonSet", shape.daemon_sets)];
        for (kind, count) in kinds {
            for number in 0..count {
                // Few namespaces hold much, many hold little.
                let space = if kind == "DaemonSet" { 0 } else { draw.skewed(shape.namespaces) };
                let name = draw::house_name(seed, kind, number);
                houses.push(House {
                    kind,
                    number,
                    space,
                    name,
                    pods: 0,
                    first_pod: 0,
                    broken: false,
                    calls: Vec::new(),
                });
            }
        }
        share_out(&mut houses, &shape, &mut draw);
        let mut house_of = Vec::with_capacity(shape.pods);
        for (number, house) in houses.iter_mut().enumerate() {
            house.first_pod = house_of.len();
            house_of.extend(std::iter::repeat_n(number as u32, house.pods));
        }
        let mut by_space = vec![Vec::new(); shape.namespaces];
        for (number, house) in houses.iter().enumerate() {
            by_space[house.space].push(number);
        }
        for number in 0..houses.len() {
            // One to four calls, mostly at home; a call leads to a house of a higher number or, seldom, to any.
            let home = &by_space[houses[number].space];
            for _ in 0..draw.below(5) {
                let target = if draw.chance(8, 10) { home[draw.below(home.len())] } else { draw.below(houses.len()) };
                if target != number && !houses[number].calls.contains(&target) {
                    houses[number].calls.push(target);
                }
            }
        }
        // Trouble comes in whole houses first, the rest is scattered over single pods (see `is_unwell`).
        let mut left = shape.unhealthy * 3 / 4;
        while left > 0 {
            let house = &mut houses[draw.below(shape.deployments.max(1))];
            if house.pods > 0 && !house.broken && house.pods <= left.max(4) {
                house.broken = true;
                left = left.saturating_sub(house.pods);
            }
        }
        Self { shape, seed, houses, house_of, spaces }
    }

    /// The house of a pod.
    #[must_use]
    pub fn house_of(&self, pod: usize) -> &House {
        &self.houses[self.house_of[pod] as usize]
    }

    /// Whether a pod is not well.
    #[must_use]
    pub fn is_unwell(&self, pod: usize) -> bool {
        let scattered = self.shape.unhealthy - self.shape.unhealthy * 3 / 4;
        self.house_of(pod).broken || (scattered > 0 && pod % (self.shape.pods / scattered).max(1) == 7)
    }

    /// The name of a namespace.
    #[must_use]
    pub fn space(&self, number: usize) -> &str {
        &self.spaces[number]
    }

    /// Every object as JSON text, kind by kind, pods last; `text` is used again for each.
    pub fn each(&self, mut tell: impl FnMut(&str)) {
        self.each_but_pods(&mut tell);
        self.each_pod(tell);
    }

    /// Every pod as JSON text.
    pub fn each_pod(&self, mut tell: impl FnMut(&str)) {
        let mut text = String::new();
        for house in &self.houses {
            let mould = pods::Mould::of(self, house);
            for nth in 0..house.pods {
                mould.cast(self, house, nth, 0, None, &mut text);
                tell(&text);
            }
        }
    }

    /// A pod as it is after its nth change: it restarts, and its readiness turns.
    #[must_use]
    pub fn changed_pod(&self, pod: usize, change: u32) -> String {
        let house = self.house_of(pod);
        let mut text = String::new();
        pods::Mould::of(self, house).cast(self, house, pod - house.first_pod, change, None, &mut text);
        text
    }
}

/// Makes the pods of an estate one after another, as [`Estate::changed_pod`] does: those of a house from one mould, so that
/// a server that tells many of them is not what a measurement waits for.
pub struct Foundry {
    estate: Arc<Estate>,
    moulds: Vec<OnceLock<pods::Mould>>,
}

impl Foundry {
    /// One that has made nothing yet.
    #[must_use]
    pub fn new(estate: Arc<Estate>) -> Self {
        let moulds = estate.houses.iter().map(|_| OnceLock::new()).collect();
        Self { estate, moulds }
    }

    /// A pod as it is after its nth change.
    #[must_use]
    pub fn changed_pod(&self, pod: usize, change: u32) -> String {
        self.pod(pod, change, None)
    }

    /// The same in a version of its own.
    #[must_use]
    pub fn pod(&self, pod: usize, change: u32, version: Option<u64>) -> String {
        let (number, house) = (self.estate.house_of[pod] as usize, self.estate.house_of(pod));
        let mould = self.moulds[number].get_or_init(|| pods::Mould::of(&self.estate, house));
        // A pod is about as large as a real one.
        let mut text = String::with_capacity(9 * 1024);
        mould.cast(&self.estate, house, pod - house.first_pod, change, version, &mut text);
        text
    }
}

/// Gives every house its pods so that they are as many as the shape says.
fn share_out(houses: &mut [House], shape: &Shape, draw: &mut Draw) {
    let mut left = shape.pods;
    for house in houses.iter_mut().filter(|house| house.kind != "Deployment") {
        let wish = if house.kind == "DaemonSet" { shape.nodes } else { 1 + draw.below(5) };
        house.pods = wish.min(left);
        left -= house.pods;
    }
    let deployments = shape.deployments.min(houses.len());
    if deployments == 0 {
        return;
    }
    // What is left is shared out unevenly: most houses get about the mean or less, a few ten times as much.
    let mean = left / deployments;
    for house in &mut houses[..deployments] {
        let wish = if mean == 0 {
            usize::from(draw.chance(6, 10))
        } else if draw.chance(3, 100) {
            mean * (3 + draw.below(8))
        } else {
            draw.below(mean * 7 / 4 + 1)
        };
        house.pods = wish.min(left);
        left -= house.pods;
    }
    for number in (0..deployments).cycle() {
        if left == 0 {
            break;
        }
        let more = left.min(1 + mean / 8);
        houses[number].pods += more;
        left -= more;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_foundry_makes_the_pods_of_the_estate() {
        let estate = Arc::new(Estate::new(Shape::CENSUS.divided(40), 7));
        let foundry = Foundry::new(Arc::clone(&estate));
        for n in 0..200 {
            let pod = (n * 37 + n / 2) % estate.shape.pods;
            assert_eq!(foundry.changed_pod(pod, n as u32 % 3), estate.changed_pod(pod, n as u32 % 3));
        }
    }

    #[test]
    fn an_estate_holds_what_its_shape_says_under_names_of_its_own() {
        let shape = Shape::CENSUS.divided(40);
        let estate = Estate::new(shape, 7);
        let mut names = std::collections::BTreeSet::new();
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        let mut objects = 0;
        estate.each(|text| {
            let object: Value = serde_json::from_str(text).unwrap();
            let kind = object["kind"].as_str().unwrap().to_owned();
            let place = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
            names.insert((kind.clone(), place("namespace"), place("name")));
            *counts.entry(kind).or_default() += 1;
            objects += 1;
        });
        assert_eq!(names.len(), objects, "two objects share a name");
        for (kind, wanted) in [
            ("Namespace", shape.namespaces),
            ("Node", shape.nodes),
            ("Deployment", shape.deployments),
            ("ReplicaSet", shape.replica_sets),
            ("Pod", shape.pods),
            ("Service", shape.services),
            ("Ingress", shape.ingresses),
            ("Job", shape.jobs),
            ("Secret", shape.secrets),
            ("PersistentVolumeClaim", shape.claims),
            ("NetworkPolicy", shape.policies),
            ("ServiceAccount", shape.accounts),
        ] {
            assert_eq!(counts.get(kind).copied().unwrap_or(0), wanted, "{kind}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_and_another_others() {
        let text = |seed| {
            let mut all = String::new();
            Estate::new(Shape::K8S_MAX.divided(400), seed).each(|one| all.push_str(one));
            all
        };
        assert!(text(1) == text(1));
        assert!(text(1) != text(2));
    }

    #[test]
    fn a_pod_is_as_large_as_a_real_one() {
        let estate = Estate::new(Shape::K8S_MAX.divided(200), 3);
        let (mut bytes, mut pods) = (0, 0);
        estate.each_pod(|text| {
            bytes += text.len();
            pods += 1;
        });
        let mean = bytes / pods;
        assert!((7_800..8_800).contains(&mean), "a pod has {mean} bytes, a real one about 8,300");
    }
}
