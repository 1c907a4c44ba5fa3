//! The import graph of a crate, read from its source text.
//!
//! Files are modules. A file imports another one when it names it, or an item in it, in a `use` or in a path, outside of
//! its test modules. A name that a module re-exports counts as an import of the file that defines it, so that a `mod.rs`
//! that only re-exports stands between no two files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// A module path, without the crate's name; the crate's root is empty.
pub(super) type Module = Vec<String>;

/// The files of a crate and what they import.
pub(super) struct Crate {
    files: BTreeMap<Module, SourceFile>,
}

struct SourceFile {
    path: PathBuf,
    /// Paths of all `use` items and of all expressions, types and patterns, absolute within the crate.
    named: BTreeSet<Module>,
    /// First segments of paths into other crates.
    external: BTreeSet<String>,
    /// Names that are re-exported, and the absolute paths that they stand for.
    re_exports: BTreeMap<String, Module>,
}

impl Crate {
    /// Reads all files below `folder`, which holds the crate's root file. `skip` names files and folders that belong to
    /// another crate of the same folder.
    pub(super) fn read(folder: &Path, skip: &[&str]) -> Self {
        let mut paths = Vec::new();
        collect(folder, &skip.iter().map(|name| folder.join(name)).collect::<Vec<_>>(), &mut paths);
        Self::parse(folder, paths)
    }

    /// Reads the files and folders of `folder` that are named, such as those of a program beside a library.
    pub(super) fn read_only(folder: &Path, names: &[&str]) -> Self {
        let mut paths = Vec::new();
        names.iter().for_each(|name| collect(&folder.join(name), &[], &mut paths));
        Self::parse(folder, paths)
    }

    fn parse(folder: &Path, paths: Vec<PathBuf>) -> Self {
        let modules: BTreeSet<Module> = paths.iter().map(|path| module_of(folder, path)).collect();
        let files = paths.into_iter().map(|path| {
            let module = module_of(folder, &path);
            let syntax = syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap();
            let mut names = Names {
                module: &module,
                modules: &modules,
                named: vec![],
                external: vec![],
                re_exports: vec![],
            };
            names.visit_file(&syntax);
            let file = SourceFile {
                path,
                named: names.named.into_iter().collect(),
                external: names.external.into_iter().collect(),
                re_exports: names.re_exports.into_iter().collect(),
            };
            (module, file)
        });
        Self { files: files.collect() }
    }

    /// All modules that are files.
    pub(super) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.files.keys()
    }

    /// The path of a module's file.
    pub(super) fn path(&self, module: &Module) -> &Path {
        &self.files[module].path
    }

    /// Other crates that a file names.
    pub(super) fn external(&self, module: &Module) -> &BTreeSet<String> {
        &self.files[module].external
    }

    /// The files that a file imports, without itself and the root.
    pub(super) fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let named = self.files[module].named.iter();
        let mut imports: BTreeSet<Module> = named.filter_map(|path| self.defining(path)).collect();
        imports.remove(module);
        imports.remove(&Vec::new());
        imports
    }

    /// The file that defines what an absolute path names.
    fn defining(&self, path: &[String]) -> Option<Module> {
        let mut path = path.to_vec();
        // A re-export may name another one; none goes further than this.
        for _ in 0..8 {
            let length = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
            let (module, rest) = path.split_at(length);
            let target = rest.first().and_then(|name| self.files[module].re_exports.get(name));
            let Some(target) = target else { return Some(module.to_vec()) };
            path = [target.as_slice(), &rest[1..]].concat();
        }
        None
    }

    /// Groups of files that import each other, directly or through others.
    pub(super) fn circles(&self) -> Vec<BTreeSet<Module>> {
        let imports: BTreeMap<&Module, BTreeSet<Module>> =
            self.files.keys().map(|module| (module, self.imports(module))).collect();
        let reachable = |from: &Module| {
            let mut seen = BTreeSet::new();
            let mut open: Vec<Module> = imports[from].iter().cloned().collect();
            while let Some(module) = open.pop() {
                if seen.insert(module.clone()) {
                    open.extend(imports[&module].iter().cloned());
                }
            }
            seen
        };
        let reachable: BTreeMap<&Module, BTreeSet<Module>> =
            self.files.keys().map(|module| (module, reachable(module))).collect();
        let mut circles = BTreeSet::new();
        for (module, reached) in &reachable {
            let circle: BTreeSet<Module> =
                reached.iter().filter(|other| reachable[other].contains(*module)).cloned().collect();
            if circle.len() > 1 {
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }
}

/// All files of Rust below a path, or the file itself.
fn collect(path: &Path, skip: &[PathBuf], paths: &mut Vec<PathBuf>) {
    if skip.iter().any(|skipped| skipped == path) {
        return;
    }
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| collect(&entry.unwrap().path(), skip, paths));
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        paths.push(path.to_owned());
    }
}

/// The module that a file is.
fn module_of(folder: &Path, path: &Path) -> Module {
    let relative = path.strip_prefix(folder).unwrap().with_extension("");
    let mut module: Module = relative.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("lib" | "main" | "mod")) {
        module.pop();
    }
    module
}

/// The names in one file.
struct Names<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    named: Vec<Module>,
    external: Vec<String>,
    re_exports: Vec<(String, Module)>,
}

impl Names<'_> {
    /// The path within the crate that a path of this file stands for; `None` for one into another crate.
    fn absolute(&self, path: &[String]) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => Some(rest.to_vec()),
            "self" => Some([self.module.as_slice(), rest].concat()),
            "super" => {
                let levels = path.iter().take_while(|name| *name == "super").count();
                let parent = self.module.len().checked_sub(levels)?;
                Some([&self.module[..parent], &path[levels..]].concat())
            }
            _ => {
                let child = [self.module.as_slice(), std::slice::from_ref(first)].concat();
                self.modules.contains(&child).then(|| [child.as_slice(), rest].concat())
            }
        }
    }

    fn name(&mut self, path: &[String], re_export: Option<&str>) {
        match (self.absolute(path), re_export) {
            (Some(absolute), Some(name)) => self.re_exports.push((name.to_owned(), absolute)),
            (Some(absolute), None) => self.named.push(absolute),
            (None, _) => self.external.extend(path.first().cloned()),
        }
    }

    fn tree(&mut self, tree: &syn::UseTree, prefix: &[String], is_public: bool) {
        let with = |name: String| [prefix, &[name]].concat();
        let re_export = |name: String| is_public.then_some(name);
        match tree {
            syn::UseTree::Path(path) => self.tree(&path.tree, &with(path.ident.to_string()), is_public),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, prefix, is_public));
            }
            // `use path::{self}` names the path.
            syn::UseTree::Name(name) if name.ident == "self" => self.name(prefix, None),
            syn::UseTree::Name(name) => {
                let name = name.ident.to_string();
                self.name(&with(name.clone()), re_export(name).as_deref());
            }
            syn::UseTree::Rename(rename) => {
                self.name(&with(rename.ident.to_string()), re_export(rename.rename.to_string()).as_deref());
            }
            syn::UseTree::Glob(_) => self.name(prefix, None),
        }
    }
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
        };
        if !module.attrs.iter().any(is_test) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &[], !matches!(item.vis, syn::Visibility::Inherited));
    }

    /// `pub(in path)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if matches!(names.first().map(String::as_str), Some("crate" | "self" | "super")) && names.len() > 1 {
            self.name(&names, None);
        }
        visit::visit_path(self, path);
    }
}
