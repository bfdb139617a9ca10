//! `export` and `verify`.

use std::path::{Path, PathBuf};

use broadstreet_api::ApiError;
use broadstreet_core::ports::Bundles;
use broadstreet_store::{BundleFiles, Target};
use serde_json::json;

use super::{which, with_desk};
use crate::args::{Export, Global};
use crate::host;
use crate::output::{self, bad_file, failed, field};

/// Writes an incident with its recording into one file.
pub async fn export(global: &Global, args: Export) -> Result<(), ApiError> {
    with_desk(global, async |desk| {
        let id = which(desk, global, Some(&args.incident)).await?;
        let file = desk.call(global, "export_bundle", json!({ "incident": id })).await?;
        let bytes = desk.get(field(&file, "blob")).await?;
        let path = args.file.clone().unwrap_or_else(|| PathBuf::from(field(&file, "name")));
        std::fs::write(&path, &bytes).map_err(|why| bad_file(&path, "write", &why))?;
        if global.json {
            output::json(&json!({ "file": path.display().to_string(), "bytes": bytes.len(), "incident": id }))?;
        } else {
            output::text(&format!("wrote {} ({} bytes)", path.display(), bytes.len()))?;
        }
        Ok(())
    })
    .await
}

/// Recomputes every hash and signature of a bundle. Needs no database; where there is one, it says whose keys are known.
pub async fn verify(global: &Global, file: &Path) -> Result<(), ApiError> {
    let bytes = std::fs::read(file).map_err(|why| bad_file(file, "read", &why))?;
    let seen = seen_keys(global).await;
    let found = BundleFiles.verify(&file.display().to_string(), &bytes, &seen).map_err(failed)?;
    if global.json {
        output::json(&found)?;
        return Ok(());
    }
    let known = |seen: bool| if seen { "known to this desk" } else { "never seen by this desk" };
    let mut text = format!(
        "{} holds: {} parts, {} rows, every hash and signature recomputed\n",
        file.display(),
        found.parts,
        found.rows
    );
    for (writer, key, seen) in &found.keys {
        text.push_str(&format!("  written by {writer} with key {key}, {}\n", known(*seen)));
    }
    text.push_str(&format!("  exported with key {}, {}\n", found.exporter.0, known(found.exporter.1)));
    output::text(&text)?;
    Ok(())
}

async fn seen_keys(global: &Global) -> Vec<(String, String)> {
    let Ok(data) = host::data_folder(global) else { return Vec::new() };
    let target = host::target(global, &data, true);
    if matches!(&target, Target::Sqlite { path, .. } if !path.exists()) {
        return Vec::new();
    }
    match broadstreet_store::open(&target).await {
        Ok(store) => store.seen_keys().await.unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}
