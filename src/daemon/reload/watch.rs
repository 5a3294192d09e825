//! Hints of the system (inotify) about the directories in which watched names stand. A watch on a file ends with the file:
//! whoever renames a new one over it, or swaps a link on the way to it as Kubernetes does, would be seen once. So every
//! directory that has a part of the way is watched. Where no hints come, a look at the content finds the same.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};

use crate::limits::LINKS_FOLLOWED_MAX;

/// Watched directories.
#[derive(Default)]
pub struct Watch {
    inotify: Option<OwnedFd>,
    /// Device and inode, too: another directory may have taken the place of one.
    watched: BTreeMap<PathBuf, (u64, u64)>,
    /// What may change in them: a log beside a policy says nothing.
    names: BTreeSet<OsString>,
}

impl Watch {
    /// Watches the ways to these files and no others. Answers whether that changed anything: what happened in between was
    /// not seen.
    pub fn follow<'a>(&mut self, files: impl Iterator<Item = &'a Path>) -> bool {
        let (mut wanted, mut names) = (BTreeMap::new(), BTreeSet::new());
        for (directory, name) in files.flat_map(steps) {
            names.insert(name);
            if let Ok(about) = std::fs::metadata(&directory) {
                wanted.insert(directory, (about.dev(), about.ino()));
            }
        }
        self.names = names;
        if wanted == self.watched {
            return false;
        }
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).ok();
        #[cfg(debug_assertions)]
        let inotify = inotify.filter(|_| std::env::var_os("REDACTD_NO_INOTIFY").is_none());
        let flags = WatchFlags::MODIFY
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        for (inotify, directory) in inotify.iter().flat_map(|fd| wanted.keys().map(move |dir| (fd, dir))) {
            // Without it the looks at the content remain.
            let _ = inotify::add_watch(inotify, directory, flags);
        }
        (self.inotify, self.watched) = (inotify, wanted);
        true
    }

    /// What to wait on.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Takes all hints; answers whether there were any.
    pub fn hinted(&mut self) -> bool {
        let Some(inotify) = &self.inotify else { return false };
        let mut buffer = [MaybeUninit::uninit(); 4 << 10];
        let mut reader = Reader::new(inotify, &mut buffer);
        let mut any = false;
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
            // Without a name it is the directory itself, or hints that were lost.
            any |= name.is_none_or(|name| self.names.contains(name));
        }
        any
    }
}

/// The directories that hold a link on the way to `path`, and the one at its end, each with the name that matters in it.
fn steps(path: &Path) -> Vec<(PathBuf, OsString)> {
    let mut found = Vec::new();
    let mut at = PathBuf::from("/");
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut left: Vec<_> = absolute.components().rev().map(|part| part.as_os_str().to_owned()).collect();
    let mut links = 0;
    while let Some(part) = left.pop() {
        match Path::new(&part).components().next() {
            Some(Component::RootDir) => at = PathBuf::from("/"),
            Some(Component::ParentDir) => {
                at.pop();
            }
            Some(Component::Normal(name)) => match std::fs::read_link(at.join(name)) {
                Ok(target) if links < LINKS_FOLLOWED_MAX => {
                    links += 1;
                    found.push((at.clone(), name.to_owned()));
                    left.extend(target.components().rev().map(|part| part.as_os_str().to_owned()));
                }
                _ => {
                    if left.is_empty() {
                        found.push((at.clone(), name.to_owned()));
                    }
                    at.push(name);
                }
            },
            _ => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn directories(path: &Path) -> Vec<PathBuf> {
        steps(path).into_iter().map(|(directory, _)| directory).collect()
    }

    #[test]
    fn every_directory_with_a_part_of_the_way_is_watched() {
        let scratch = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(scratch.path()).unwrap();
        fs::create_dir_all(root.join("volume/..1")).unwrap();
        fs::write(root.join("volume/..1/p.yaml"), "x").unwrap();
        symlink("..1", root.join("volume/..data")).unwrap();
        symlink("..data/p.yaml", root.join("volume/p.yaml")).unwrap();
        symlink(root.join("volume/p.yaml"), root.join("link.yaml")).unwrap();
        let found = directories(&root.join("link.yaml"));
        let volume = root.join("volume");
        assert_eq!(found, [root.clone(), volume.clone(), volume, root.join("volume/..1")]);
        assert_eq!(directories(&root.join("none/../volume/q")), [root.join("volume")]);
        symlink("loop", root.join("loop")).unwrap();
        assert_eq!(directories(&root.join("loop")).first(), Some(&root));

        let file = root.join("link.yaml");
        let mut watch = Watch::default();
        assert!(watch.follow([file.as_path()].into_iter()) && !watch.hinted());
        assert!(!watch.follow([file.as_path()].into_iter()), "nothing new");
        fs::write(root.join("volume/..1/p.yaml"), "y").unwrap();
        assert!(watch.hinted() && !watch.hinted());
        fs::write(root.join("volume/..1/safe.log"), "y").unwrap();
        assert!(!watch.hinted(), "what is beside it does not matter");
        fs::create_dir(root.join("volume/..2")).unwrap();
        fs::write(root.join("volume/..2/p.yaml"), "z").unwrap();
        symlink("..2", root.join("volume/..new")).unwrap();
        watch.hinted();
        fs::rename(root.join("volume/..new"), root.join("volume/..data")).unwrap();
        assert!(watch.hinted(), "the swap of a link on the way");
        assert!(watch.follow([file.as_path()].into_iter()), "another directory at its end");
    }
}
