//! Bundles (placeholder until the next commit).
use broadstreet_core::ports::{BundleContents, Bundles, StoreError, Verified};

/// Writes and reads bundles.
#[derive(Clone, Copy, Debug, Default)]
pub struct BundleFiles;

fn not_yet(path: &str) -> StoreError {
    StoreError::BadBundle { path: path.to_owned(), part: "whole".to_owned(), why: "cannot be read yet".to_owned() }
}

impl Bundles for BundleFiles {
    fn encode(&self, _: &BundleContents, _: &dyn Fn(&[u8]) -> Vec<u8>) -> Result<Vec<u8>, StoreError> {
        Err(not_yet(""))
    }
    fn decode(&self, path: &str, _: &[u8]) -> Result<BundleContents, StoreError> {
        Err(not_yet(path))
    }
    fn verify(&self, path: &str, _: &[u8], _: &[(String, String)]) -> Result<Verified, StoreError> {
        Err(not_yet(path))
    }
}
