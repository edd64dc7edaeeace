//! Templates are checked when they are loaded.
//!
//! A template of a message is small on purpose: text, `{{ variable }}`, `{% if %}` and `{% for %}`. With nothing else
//! allowed, every variable can be followed to where it comes from, in every branch, before anything is sent. Then every
//! template is rendered on trial with each optional fact there and absent.

use super::catalogue::{Field, ORGANISATION, Shape, Template};
use crate::error::{Error, ErrorKind, Result};
use minijinja::machinery::ast::{CallArg, Expr, ForLoop, Spanned, Stmt, UnaryOpKind, Var};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, machinery};

/// The filters that a template may use.
pub(super) const FILTERS: [&str; 3] = ["upper", "lower", "length"];

/// What minijinja's `loop` variable may be asked.
const LOOP: [&str; 5] = ["index", "index0", "first", "last", "length"];

/// Follows every variable of a template; `file` is what the error calls it.
pub(super) fn check(template: Template, file: &str, source: &str, syntax: SyntaxConfig) -> Result<()> {
    let tree = machinery::parse(source, file, syntax).map_err(|error| faulty(file, &error))?;
    let scope = template.fields().iter().chain(ORGANISATION).map(|field| (field.name, Kind::of(field.shape))).collect();
    Checker { template, file, scope }.statement(&tree)
}

/// Renders a template with every optional fact there, with none, with each alone, and with each alone absent.
pub(super) fn try_out(template: Template, file: &str, environment: &Environment<'_>) -> Result<()> {
    let compiled = environment.get_template(template.name()).map_err(|error| faulty(file, &error))?;
    let fields: Vec<Field> = template.fields().iter().chain(ORGANISATION).copied().collect();
    let render = |present: &dyn Fn(usize) -> bool| {
        compiled.render(sample(&fields, present)).map_err(|error| faulty(file, &error))
    };
    if render(&|_| true)?.trim().is_empty() {
        return Err(Error::new(ErrorKind::Template, "the template says nothing").context("file", file));
    }
    render(&|_| false)?;
    for (index, field) in fields.iter().enumerate() {
        if matches!(field.shape, Shape::Optional | Shape::Rows(_)) {
            render(&|other| other == index)?;
            render(&|other| other != index)?;
        }
    }
    Ok(())
}

/// Values of the right shapes. A list that is present has one row with everything and one with only what must be.
fn sample(fields: &[Field], present: &dyn Fn(usize) -> bool) -> Value {
    Value::from_pairs(fields.iter().enumerate().map(|(index, field)| {
        let value = match field.shape {
            Shape::Text => Value::from("x"),
            Shape::Optional if present(index) => Value::from("x"),
            Shape::Optional => Value::from(()),
            Shape::Flag => Value::from(present(index)),
            Shape::Rows(inner) if present(index) => {
                [sample(inner, &|_| true), sample(inner, &|_| false)].into_iter().collect()
            }
            Shape::Rows(_) => std::iter::empty::<Value>().collect(),
        };
        (field.name, value)
    }))
}

/// An error of the template language as ours: what, in which file, on which line.
pub(super) fn faulty(file: &str, error: &minijinja::Error) -> Error {
    let what = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    let wrong = Error::new(ErrorKind::Template, what).context("file", file);
    match error.line() {
        Some(line) => wrong.context("line", line),
        None => wrong,
    }
}

/// What an expression stands for.
#[derive(Clone, Copy)]
enum Kind {
    /// Something that may be printed.
    Printable,
    Flag,
    Rows(&'static [Field]),
    Row(&'static [Field]),
    Loop,
}

impl Kind {
    const fn of(shape: Shape) -> Self {
        match shape {
            Shape::Text | Shape::Optional => Self::Printable,
            Shape::Flag => Self::Flag,
            Shape::Rows(fields) => Self::Rows(fields),
        }
    }
}

struct Checker<'a> {
    template: Template,
    file: &'a str,
    /// The names in sight, the innermost last.
    scope: Vec<(&'a str, Kind)>,
}

impl<'a> Checker<'a> {
    fn statement(&mut self, statement: &Stmt<'a>) -> Result<()> {
        match statement {
            Stmt::Template(template) => self.body(&template.children),
            Stmt::EmitRaw(_) => Ok(()),
            Stmt::EmitExpr(emit) => match self.expression(&emit.expr)? {
                Kind::Printable => Ok(()),
                Kind::Flag => Err(self.wrong(&emit.expr, "is yes or no", "ask for it with {% if … %}")),
                Kind::Rows(_) => Err(self.wrong(&emit.expr, "is a list", "go through it with {% for row in … %}")),
                Kind::Row(_) | Kind::Loop => Err(self.wrong(&emit.expr, "is a row", "print one of its fields")),
            },
            Stmt::IfCond(condition) => {
                self.expression(&condition.expr)?;
                self.body(&condition.true_body)?;
                self.body(&condition.false_body)
            }
            Stmt::ForLoop(each) => self.each(each),
            other => {
                Err(self.error(line_of(other), "only {{ … }}, {% if %} and {% for %} are understood in a message"))
            }
        }
    }

    fn body(&mut self, statements: &[Stmt<'a>]) -> Result<()> {
        statements.iter().try_for_each(|statement| self.statement(statement))
    }

    fn each(&mut self, each: &Spanned<ForLoop<'a>>) -> Result<()> {
        let Kind::Rows(fields) = self.expression(&each.iter)? else {
            return Err(self.wrong(&each.iter, "is no list", "only a list can be gone through"));
        };
        let Expr::Var(row) = &each.target else {
            return Err(self.wrong(&each.target, "is no name for a row", "write {% for row in … %}"));
        };
        if each.recursive {
            return Err(self.error(Some(each.span().start_line), "a recursive loop has no use in a message"));
        }
        let outer = self.scope.len();
        self.scope.extend([("loop", Kind::Loop), (row.id, Kind::Row(fields))]);
        if let Some(filter) = &each.filter_expr {
            self.expression(filter)?;
        }
        self.body(&each.body)?;
        self.scope.truncate(outer);
        self.body(&each.else_body)
    }

    fn expression(&self, expression: &Expr<'a>) -> Result<Kind> {
        match expression {
            Expr::Const(_) => Ok(Kind::Printable),
            Expr::Var(variable) => self.variable(variable),
            Expr::GetAttr(attribute) => {
                let line = attribute.span().start_line;
                match self.expression(&attribute.expr)? {
                    Kind::Row(fields) => fields
                        .iter()
                        .find(|field| field.name == attribute.name)
                        .map(|field| Kind::of(field.shape))
                        .ok_or_else(|| {
                            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                            self.error(Some(line), format!("unknown variable: a row has no `{}`", attribute.name))
                                .hint(format!("a row has: {}", names.join(", ")))
                        }),
                    Kind::Loop if LOOP.contains(&attribute.name) => Ok(Kind::Printable),
                    _ => Err(self
                        .error(Some(line), format!("unknown variable: nothing here has a `{}`", attribute.name))
                        .hint(self.allowed())),
                }
            }
            Expr::UnaryOp(operation) => {
                self.expression(&operation.expr)?;
                Ok(if matches!(operation.op, UnaryOpKind::Not) { Kind::Flag } else { Kind::Printable })
            }
            Expr::BinOp(operation) => {
                self.expression(&operation.left)?;
                self.expression(&operation.right)?;
                Ok(Kind::Printable)
            }
            Expr::Compare(comparison) => {
                self.expression(&comparison.expr)?;
                comparison.ops.iter().try_for_each(|op| self.expression(&op.expr).map(drop))?;
                Ok(Kind::Flag)
            }
            Expr::IfExpr(choice) => {
                self.expression(&choice.test_expr)?;
                let kind = self.expression(&choice.true_expr)?;
                match &choice.false_expr {
                    Some(otherwise) => self.expression(otherwise),
                    None => Ok(kind),
                }
            }
            Expr::Filter(filter) => {
                if !FILTERS.contains(&filter.name) {
                    return Err(self
                        .error(Some(filter.span().start_line), format!("unknown filter `{}`", filter.name))
                        .hint(format!("the filters are: {}", FILTERS.join(", "))));
                }
                for argument in &filter.args {
                    let (CallArg::Pos(inner)
                    | CallArg::Kwarg(_, inner)
                    | CallArg::PosSplat(inner)
                    | CallArg::KwargSplat(inner)) = argument;
                    self.expression(inner)?;
                }
                filter.expr.as_ref().map_or(Ok(Kind::Printable), |inner| self.expression(inner))?;
                Ok(Kind::Printable)
            }
            other => Err(self.wrong(other, "is not understood in a message", "print a variable of the message")),
        }
    }

    fn variable(&self, variable: &Spanned<Var<'a>>) -> Result<Kind> {
        self.scope.iter().rev().find(|(name, _)| *name == variable.id).map(|&(_, kind)| kind).ok_or_else(|| {
            self.error(Some(variable.span().start_line), format!("unknown variable `{}`", variable.id))
                .hint(self.allowed())
        })
    }

    fn allowed(&self) -> String {
        format!("{} may use: {}", self.template.name(), self.template.variables().join(", "))
    }

    fn wrong(&self, expression: &Expr<'a>, what: &str, hint: &str) -> Error {
        let name = match expression {
            Expr::Var(variable) => variable.id,
            Expr::GetAttr(attribute) => attribute.name,
            other => other.description(),
        };
        self.error(Some(expression.span().start_line), format!("`{name}` {what}")).hint(hint)
    }

    fn error(&self, line: Option<u16>, what: impl Into<String>) -> Error {
        let error = Error::new(ErrorKind::Template, what).context("file", self.file);
        match line {
            Some(line) => error.context("line", line),
            None => error,
        }
    }
}

/// Where a statement that is not allowed begins.
fn line_of(statement: &Stmt<'_>) -> Option<u16> {
    let span = match statement {
        Stmt::WithBlock(inner) => inner.span(),
        Stmt::Set(inner) => inner.span(),
        Stmt::SetBlock(inner) => inner.span(),
        Stmt::AutoEscape(inner) => inner.span(),
        Stmt::FilterBlock(inner) => inner.span(),
        Stmt::Block(inner) => inner.span(),
        Stmt::Import(inner) => inner.span(),
        Stmt::FromImport(inner) => inner.span(),
        Stmt::Extends(inner) => inner.span(),
        Stmt::Include(inner) => inner.span(),
        Stmt::Macro(inner) => inner.span(),
        Stmt::CallBlock(inner) => inner.span(),
        Stmt::Do(inner) => inner.span(),
        _ => return None,
    };
    Some(span.start_line)
}
