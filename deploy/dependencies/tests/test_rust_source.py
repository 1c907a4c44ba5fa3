"""The count of unsafe code, on small crates and on crates of the program."""
import pathlib
import tempfile
import unittest

import support
from crates import TARGET, crates
from rust_source import count


class RustSource(unittest.TestCase):
    def counted(self, files, **members):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            support.write(folder, files)
            found = count(support.crate(folder=folder, **members), TARGET)
            found.files = {str(path.relative_to(folder)) for path in found.files}
            return found

    def unsafe(self, text, **members):
        return self.counted({"src/lib.rs": text}, **members).unsafe

    def test_comments_and_texts_do_not_count(self):
        self.assertEqual(self.unsafe("""
            // unsafe
            /* unsafe /* unsafe */ unsafe */
            /// unsafe
            const A: &str = "unsafe \\" unsafe"; const B: &str = r#"unsafe " unsafe"#; const C: char = '"'; const D: u8 = b'\\'';
            fn f<'a>(a: &'a str) -> &'a str { unsafe { g(a) } }
            unsafe impl Send for A {}
        """), 2)

    def test_features_and_targets_that_are_not_chosen_do_not_count(self):
        text = """
            #[cfg(feature = "extra")] fn a() { unsafe {} }
            #[cfg(not(windows))] unsafe fn b() {}
            #[cfg(windows)] unsafe fn c() {}
            #[cfg(all(target_arch = "x86_64", any(unix, feature = "none")))] unsafe fn d() {}
            #[cfg(test)] mod tests { unsafe fn e() {} }
            struct S { #[cfg(windows)] a: unsafe fn(u8, u8), b: unsafe fn(u8) }
            fn f(x: u8) { match x { #[cfg(windows)] 0 => { unsafe {} } 1 => unsafe {}, #[cfg(windows)] 2 => unsafe {}, _ => {} } }
            #[cfg(windows)] use a::{b, c}; #[cfg(windows)] const X: [u8; 1] = { unsafe { y() } };
            #[cfg(windows)] let z = if a { unsafe {} } else { unsafe {} }; unsafe fn last() {}
        """
        self.assertEqual(self.unsafe(text), 5)
        self.assertEqual(self.unsafe(text, features=["extra"]), 6)

    def test_a_flag_of_a_build_script_counts_as_set_and_as_not_set(self):
        text = "#[cfg(fast)] unsafe fn a() {} #[cfg(not(fast))] unsafe fn b() {}"
        self.assertEqual(self.unsafe(text), 1)
        self.assertEqual(self.counted({"src/lib.rs": text, "build.rs": 'println!("cargo:rustc-cfg=fast");'}).unsafe, 2)

    def test_modules_are_followed_as_the_compiler_does(self):
        found = self.counted({
            "src/lib.rs": 'mod a; mod b { mod c; } #[path = "other/d.rs"] mod d; #[cfg(windows)] mod e; include!("g.in");',
            "src/a.rs": "mod f;", "src/a/f.rs": "unsafe fn a() {}", "src/b/c.rs": "unsafe fn a() {}", "src/other/d.rs": "unsafe fn a() {}",
            "src/e.rs": "unsafe fn a() {}", "src/g.in": "unsafe fn a() {}", "src/unused.rs": "unsafe fn a() {}",
        })
        self.assertEqual(found.files, {"src/lib.rs", "src/a.rs", "src/a/f.rs", "src/b/c.rs", "src/other/d.rs", "src/g.in"})
        self.assertEqual(found.unsafe, 4)

    def test_conditions_in_macros_are_obeyed(self):
        self.assertEqual(self.unsafe("""
            macro_rules! cfg_extra { ($($item:item)*) => { $( #[cfg(feature = "extra")] #[cfg_attr(docsrs, doc(cfg()))] $item )* } }
            cfg_extra! { unsafe fn a() {} }
            cfg_if! { if #[cfg(windows)] { unsafe fn b() {} } else if #[cfg(unix)] { unsafe fn c() {} } else { unsafe fn d() {} } }
            unsafe fn e() {}
        """), 2)

    def test_modules_that_a_macro_declares_are_read(self):
        found = self.counted({
            "src/lib.rs": """macro_rules! submodule { ($v:vis $name:ident) => { mod $name; $v use $name::*; }; ($v:vis $name:ident { $($c:tt)* }) => {} }
                #[cfg(unix)] submodule!(pub a { submodule!(pub b); submodule!(d); }); #[cfg(windows)] submodule!(c);""",
            "src/a/b.rs": "unsafe fn a() {}", "src/a/d.rs": "unsafe fn a() {}", "src/c.rs": "unsafe fn a() {}",
        })
        self.assertEqual((found.files, found.unsafe), ({"src/lib.rs", "src/a/b.rs", "src/a/d.rs"}, 2))

    def test_a_path_of_a_public_module_is_obeyed(self):
        found = self.counted({"src/lib.rs": '#[cfg_attr(unix, path = "x/y.rs")] #[cfg_attr(windows, path = "z.rs")] pub(crate) mod r#ref; mod w;',
                              "src/x/y.rs": "unsafe fn a() {}", "src/z.rs": "unsafe fn a() {}", "src/ref.rs": "unsafe fn a() {}", "src/w.rs": ""})
        self.assertEqual(found.files, {"src/lib.rs", "src/x/y.rs", "src/w.rs"})

    def test_unsafe_code_is_forbidden_by_the_crate_or_its_manifest(self):
        self.assertTrue(self.counted({"src/lib.rs": "#![forbid(missing_docs, unsafe_code)]"}).forbids)
        self.assertTrue(self.counted({"src/lib.rs": "", "Cargo.toml": '[lints.rust]\nunsafe_code = "forbid"\n'}).forbids)
        self.assertFalse(self.counted({"src/lib.rs": "mod a;", "src/a.rs": "#![forbid(unsafe_code)]"}).forbids)
        self.assertFalse(self.unsafe('#![cfg_attr(not(feature = "fast"), forbid(unsafe_code))]', features=["fast"]))

    def test_crates_whose_unsafe_code_is_known(self):
        found = {crate.name: crate for crate in crates()}
        self.assertTrue(count(found["rustls"], TARGET).forbids)
        self.assertEqual(count(found["url"], TARGET).unsafe, 1)
        files = {path.name for path in count(found["tokio"], TARGET).files}
        self.assertIn("current_thread", {path.parent.name for path in count(found["tokio"], TARGET).files})
        self.assertNotIn("symlink_metadata.rs", files, "the feature fs is not chosen")


if __name__ == "__main__":
    unittest.main()
