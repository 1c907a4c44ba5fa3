//! A validator of `thumbnails.json`, by the schema that the program prints.

use boon::{Compiler, SchemaIndex, Schemas};
use cos_thumbnailer::config::schema;
use serde_json::Value;

pub(crate) struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    pub(crate) fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let schema = serde_json::from_str(&schema()).expect("the schema is JSON");
        compiler.add_resource("thumbnails.schema.json", schema).expect("the name is a URL");
        // Compiling checks the schema by that of its draft.
        let index = compiler.compile("thumbnails.schema.json", &mut schemas).expect("the schema is one");
        Self { schemas, index }
    }

    pub(crate) fn takes(&self, file: &Value) -> bool {
        self.schemas.validate(file, self.index).is_ok()
    }
}
