//! Sources over loopback HTTP: captured answers of the real programs, and everything that goes wrong on the way.

mod alertmanager;
mod faults;
mod goalert;
mod icinga;
mod observed;
mod pagerduty;
mod prometheus;
mod support;
mod tls;
