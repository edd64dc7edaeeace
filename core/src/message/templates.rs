//! The loaded templates, and rendering.
#![allow(clippy::disallowed_methods, reason = "an organisation keeps its own wording in a folder")]

use super::catalogue::Template;
use super::check::{self, FILTERS};
use super::clean::{clean_or, clean_own};
use super::values::Message;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Language, Organisation};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior, Value, filters};
use std::path::Path;

/// No sensible message is longer; a template file that is was put there by mistake.
const LONGEST_FILE: u64 = 64 * 1024;
/// Characters kept of the organisation's own values.
const LONGEST_VALUE: usize = 120;

/// The wording of every message of one organisation, in its language: checked, compiled once, and shared between
/// threads.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    language: Language,
}

impl Templates {
    /// The library's own wording in the organisation's language.
    pub fn embedded(organisation: &Organisation) -> Result<Self> {
        Self::load(organisation, |_| Ok(None))
    }

    /// The library's own wording with the files of `folder/id` or `folder/en` (whichever is the organisation's language)
    /// in its place, such as `folder/id/donor_info.txt`. What the folder lacks stays as it is embedded.
    ///
    /// Errors: `io` when the folder or a file cannot be read; `template` when a file is named like no message, does not
    /// parse, names a variable that its message does not have, or fails on trial with a fact absent. The error names
    /// file, line and variable.
    pub fn from_folder(folder: impl AsRef<Path>, organisation: &Organisation) -> Result<Self> {
        let folder = folder.as_ref();
        refuse_strangers(folder, |_| false, &["id", "en"], "put it into the folder of its language, id or en")?;
        let folder = folder.join(code(organisation.language));
        if folder.is_dir() {
            let known = |name: &str| Template::named(name).is_some();
            let names: Vec<&str> = Template::ALL.iter().map(|template| template.name()).collect();
            refuse_strangers(&folder, known, &[], &format!("the messages are: {}", names.join(", ")))?;
        }
        Self::load(organisation, |template| {
            let path = folder.join(format!("{}.txt", template.name()));
            if path.is_file() { read(&path).map(|source| Some((path.display().to_string(), source))) } else { Ok(None) }
        })
    }

    /// The language of the wording.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of a message, without a newline at its end.
    ///
    /// Errors: `template` only, and only for a replaced template that fails on values that no trial had.
    pub fn render(&self, message: &Message<'_>) -> Result<String> {
        let template = message.template();
        self.environment
            .get_template(template.name())
            .and_then(|compiled| compiled.render(message.values(self.language)))
            .map(|text| tidy(&text))
            .map_err(|error| check::faulty(template.name(), &error))
    }

    fn load(
        organisation: &Organisation,
        replaced: impl Fn(Template) -> Result<Option<(String, String)>>,
    ) -> Result<Self> {
        let language = organisation.language;
        let syntax =
            SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(|error| {
                Error::new(ErrorKind::Internal, "the template syntax is impossible").caused_by(error)
            })?;
        let mut environment = environment(organisation);
        environment.set_syntax(syntax.clone());
        for &template in Template::ALL {
            let embedded = || (format!("{}.txt", template.name()), template.embedded(language).to_owned());
            let (file, source) = replaced(template)?.unwrap_or_else(embedded);
            check::check(template, &file, &source, syntax.clone())?;
            environment.add_template_owned(template.name(), source).map_err(|error| check::faulty(&file, &error))?;
            check::try_out(template, &file, &environment)?;
        }
        Ok(Self { environment, language })
    }
}

/// The folder of a language.
const fn code(language: Language) -> &'static str {
    match language {
        Language::Id => "id",
        Language::En => "en",
    }
}

fn environment(organisation: &Organisation) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_debug(false);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(|out, state, value| {
        if value.is_none() {
            let hint = "the fact may be absent; put its line between {% if … %} and {% endif %}";
            return Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, hint));
        }
        minijinja::escape_formatter(out, state, value)
    });
    let [upper, lower, length] = FILTERS;
    environment.add_filter(upper, filters::upper);
    environment.add_filter(lower, filters::lower);
    environment.add_filter(length, filters::length);

    let optional = |text: &str| Some(clean_own(text, LONGEST_VALUE)).filter(|text| !text.is_empty());
    let account = &organisation.bank_account;
    environment.add_global("organisation", Value::from(clean_or(&organisation.name, LONGEST_VALUE, "-")));
    environment.add_global("place", Value::from(optional(&organisation.place)));
    environment.add_global("bank", Value::from(optional(&account.bank)));
    environment.add_global("account", Value::from(optional(&account.number)));
    environment.add_global("holder", Value::from(optional(&account.holder)));
    environment
}

/// Refuses `.txt` files and folders whose name is not known: a misspelt replacement would otherwise be passed over in
/// silence. Other files, and what begins with a dot, are the organisation's own affair.
fn refuse_strangers(folder: &Path, known: impl Fn(&str) -> bool, folders: &[&str], hint: &str) -> Result<()> {
    let entries = std::fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))?;
    for entry in entries {
        let path = entry.map_err(|cause| unreadable(folder, cause))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !folders.contains(&name) {
                return Err(Error::new(ErrorKind::Template, "the folder holds no wording of any language")
                    .context("folder", path.display())
                    .hint("wording lies in the folders id and en; take others away"));
            }
            continue;
        }
        let extension = path.extension().unwrap_or_default();
        let is_text = extension.eq_ignore_ascii_case("txt");
        if is_text && extension != "txt" {
            return Err(Error::new(ErrorKind::Template, "the file's name must end in .txt, in small letters")
                .context("file", path.display()));
        }
        let is_known = path.file_stem().and_then(|name| name.to_str()).is_some_and(&known);
        if is_text && !is_known {
            return Err(Error::new(ErrorKind::Template, "the file belongs to no message")
                .context("file", path.display())
                .hint(hint));
        }
    }
    Ok(())
}

/// A template file, with the line ends and without the byte-order mark that editors on Windows write.
fn read(path: &Path) -> Result<String> {
    let size = std::fs::metadata(path).map_err(|cause| unreadable(path, cause))?.len();
    if size > LONGEST_FILE {
        return Err(Error::new(ErrorKind::Template, "the template is longer than any message")
            .context("file", path.display())
            .hint("a template has at most 64 KiB"));
    }
    let text = std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::InvalidData => Error::new(ErrorKind::Template, "the template is not UTF-8 text")
            .context("file", path.display())
            .hint("save it in the encoding UTF-8")
            .caused_by(cause),
        _ => unreadable(path, cause),
    })?;
    Ok(text.trim_start_matches('\u{FEFF}').replace("\r\n", "\n"))
}

fn unreadable(path: &Path, cause: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, "the templates cannot be read").context("path", path.display()).caused_by(cause)
}

/// Two blank lines become one, and none stay at the ends: what an absent fact leaves behind.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            blank = !out.is_empty();
            continue;
        }
        if !out.is_empty() {
            out.push_str(if blank { "\n\n" } else { "\n" });
        }
        blank = false;
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_single_and_inside() {
        assert_eq!(tidy("\n\n a \n\n\n\nb\nc\n \n"), " a\n\nb\nc");
        assert_eq!(tidy("\n \n"), "");
    }
}
