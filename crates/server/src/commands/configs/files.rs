//! Items in a folder, or in a zip file: a file GROUP/KEY for each.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use paste_model::limits::CONFIG_BYTES_MAX;
use paste_model::{ConfigGroup, ConfigName};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::exit::{Exit, Failure};

/// Most items of one import.
const ITEMS_MAX: usize = 10_000;

/// Content by group and key.
pub(super) type Items = BTreeMap<(String, String), String>;

/// Whether a path names a zip file.
fn is_zip(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("zip"))
}

/// Writes items to a folder or file that doesn't exist yet.
pub(super) fn write(path: &Path, items: &Items) -> Result<(), Failure> {
    let written = if is_zip(path) {
        write_zip(path, items)
    } else {
        write_folder(path, items)
    };
    written.map_err(|error| {
        Failure::caused(
            Exit::Failed,
            format!("can't write {}", path.display()),
            &error,
        )
    })
}

fn write_folder(path: &Path, items: &Items) -> std::io::Result<()> {
    fs::create_dir(path)?;
    for ((group, key), content) in items {
        let group = path.join(group);
        fs::create_dir_all(&group)?;
        fs::write(group.join(key), content)?;
    }
    Ok(())
}

fn write_zip(path: &Path, items: &Items) -> std::io::Result<()> {
    let mut archive = ZipWriter::new(File::create_new(path)?);
    for ((group, key), content) in items {
        archive.start_file(format!("{group}/{key}"), SimpleFileOptions::default())?;
        archive.write_all(content.as_bytes())?;
    }
    archive.finish()?.sync_all()
}

/// Reads items from a folder or file.
pub(super) fn read(path: &Path) -> Result<Items, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::caused(
            Exit::Usage,
            format!("can't read {}", path.display()),
            &error,
        )
    };
    let files = if path.is_dir() {
        read_folder(path)
    } else {
        read_zip(path)
    }
    .map_err(unreadable)?;
    let mut items = Items::new();
    for (name, content) in files {
        let refuse = |detail: String| Failure::new(Exit::Usage, format!("{name}: {detail}"));
        let (group, key) = name
            .split_once('/')
            .ok_or_else(|| refuse("must be in a folder that is its group".to_owned()))?;
        ConfigGroup::new(group).map_err(|error| refuse(error.to_string()))?;
        ConfigName::new(key).map_err(|error| refuse(error.to_string()))?;
        let text = String::from_utf8(content).map_err(|_| refuse("is not UTF-8".to_owned()))?;
        items.insert((group.to_owned(), key.to_owned()), text);
    }
    if items.len() > ITEMS_MAX {
        let detail = format!("{} has over {ITEMS_MAX} items", path.display());
        return Err(Failure::new(Exit::Usage, detail));
    }
    Ok(items)
}

/// Files by their names below the folder.
type Files = Vec<(String, Vec<u8>)>;

fn read_folder(path: &Path) -> std::io::Result<Files> {
    let mut files = Vec::new();
    for group in fs::read_dir(path)? {
        let group = group?;
        if !group.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(group.path())? {
            let file = file?;
            let name = format!(
                "{}/{}",
                group.file_name().display(),
                file.file_name().display()
            );
            files.push((name, bounded(File::open(file.path())?)?));
        }
    }
    Ok(files)
}

fn read_zip(path: &Path) -> std::io::Result<Files> {
    let mut archive = ZipArchive::new(File::open(path)?)?;
    let mut files = Vec::new();
    for place in 0..archive.len().min(ITEMS_MAX + 1) {
        let file = archive.by_index(place)?;
        if file.is_file() {
            let name = file.name()?.into_owned();
            files.push((name, bounded(file)?));
        }
    }
    Ok(files)
}

/// What is in a file, as far as an item may be long; a zip file may promise less than it holds.
fn bounded(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(CONFIG_BYTES_MAX as u64 + 1)
        .read_to_end(&mut content)?;
    if content.len() > CONFIG_BYTES_MAX {
        return Err(std::io::Error::other(format!(
            "a file has over {CONFIG_BYTES_MAX} bytes"
        )));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_survive_a_folder_and_a_zip_file() {
        let items = Items::from([
            (
                ("shop".to_owned(), "app.yaml".to_owned()),
                "port: 1\n".to_owned(),
            ),
            (("shop".to_owned(), "motd".to_owned()), String::new()),
            (("shared".to_owned(), "db.json".to_owned()), "{}".to_owned()),
        ]);
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["out", "out.zip"] {
            let path = folder.path().join(name);
            write(&path, &items).expect("writes");
            assert_eq!(read(&path).expect("reads"), items, "{name}");
            assert!(write(&path, &items).is_err(), "it is there already");
        }
    }

    #[test]
    fn what_is_no_item_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("bad group")).expect("makes");
        fs::write(folder.path().join("bad group/x"), "x").expect("writes");
        let refused = read(folder.path()).expect_err("no group").sentence;
        assert!(refused.contains("bad group/x"), "{refused}");
        assert!(read(&folder.path().join("nowhere")).is_err());
    }
}
