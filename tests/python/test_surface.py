"""What the package looks like from outside: names, stubs, values."""
import ast
import dataclasses
import pathlib
import pickle
import re
import subprocess
import sys
import unittest

import brine
from brine import _brine

HOME = pathlib.Path(brine.__file__).parent


def stub(name):
    return ast.parse((HOME / name).read_text()).body


def parameters(function):
    """Returns the names of a stub's parameters, `*` included."""
    arguments = function.args
    names = [each.arg for each in arguments.posonlyargs + arguments.args]
    return names + (["*"] if arguments.kwonlyargs else []) + [a.arg for a in arguments.kwonlyargs]


def bound_parameters(function):
    """Returns the same of a bound function, from the signature that pybind11 writes."""
    signature = function.__doc__.splitlines()[0]
    inside = signature[signature.index("(") + 1:signature.rindex(") ->")]
    while re.search(r"\[[^\[\]]*\]", inside):
        inside = re.sub(r"\[[^\[\]]*\]", "", inside)
    return [part.split(":")[0].strip() for part in inside.split(",") if part.strip()]


class Surface(unittest.TestCase):
    def test_everything_in_all_is_there(self):
        self.assertEqual([name for name in brine.__all__ if not hasattr(brine, name)], [])
        self.assertEqual(len(set(brine.__all__)), len(brine.__all__))
        self.assertRegex(brine.__version__, r"^\d+\.\d+\.\d+$")
        self.assertTrue((HOME / "py.typed").exists())

    def test_the_stub_of_the_extension_names_what_is_bound(self):
        functions = {each.name: each for each in stub("_brine.pyi")
                     if isinstance(each, ast.FunctionDef)}
        classes = {each.name: each for each in stub("_brine.pyi") if isinstance(each, ast.ClassDef)}
        bound = {name for name in vars(_brine) if not name.startswith("__")}
        self.assertEqual(bound, functions.keys() | classes.keys())
        for name, function in functions.items():
            self.assertEqual(bound_parameters(getattr(_brine, name)), parameters(function), name)
        for name, body in classes.items():
            self.check_class(getattr(_brine, name), body)

    def check_class(self, bound_class, body):
        methods = {each.name: each for each in body.body if isinstance(each, ast.FunctionDef)}
        bound = {name: value for name, value in vars(bound_class).items()
                 if not name.startswith("__") or name == "__init__" and "__init__" in methods}
        self.assertEqual(bound.keys(), methods.keys())
        for name, value in bound.items():
            if not isinstance(value, property):
                self.assertEqual(bound_parameters(value), parameters(methods[name]), name)

    def test_the_stub_of_the_errors_is_the_table(self):
        classes = {each.name: [base.id for base in each.bases] for each in stub("errors.pyi")
                   if isinstance(each, ast.ClassDef)}
        self.assertEqual(set(classes) - {"BrineError"}, {row[1] for row in _brine.error_table()})
        for name, bases in classes.items():
            error = getattr(brine, name)
            for base in bases:
                self.assertIn(base, [each.__name__ for each in error.__mro__], name)

    def test_errors_come_from_the_table(self):
        for code, name, exit_code, meaning in _brine.error_table():
            error = getattr(brine, name)
            self.assertTrue(issubclass(error, brine.BrineError))
            self.assertEqual((error.code, error.exit_code), (code, exit_code))
            self.assertEqual(error.__doc__[1:], f"{meaning}."[1:])
            raised = pickle.loads(pickle.dumps(error("what", hint="next")))
            self.assertEqual((str(raised), raised.hint), ("what\nhint: next", "next"))
            self.assertEqual(str(error("what")), "what")

    def test_values_are_frozen_and_documented(self):
        values = [each for each in vars(brine.values).values() if dataclasses.is_dataclass(each)]
        self.assertGreater(len(values), 15)
        for value in values:
            self.assertTrue(value.__dataclass_params__.frozen, value)
            self.assertTrue(value.__doc__ and not value.__doc__.startswith(value.__name__), value)

    def test_public_methods_are_documented(self):
        for name, value in vars(brine.Store).items():
            if not name.startswith("_"):
                self.assertTrue(value.__doc__, name)

    def test_every_function_and_method_is_in_the_documentation(self):
        document = pathlib.Path(__file__).parents[2] / "docs" / "python.md"
        text = document.read_text(encoding="utf-8")
        for name in brine.__all__:
            if not isinstance(getattr(brine, name), type):
                self.assertIn(f"brine.{name}(", text)
        for base in (brine.Store, _brine.Store):
            for name in vars(base):
                if not name.startswith("_") and name != "root":
                    self.assertIn(f"`{name}(", text)

    def test_importing_brine_imports_no_numpy(self):
        code = "import sys, brine; sys.exit('numpy' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False).returncode, 0)

    def test_sizes_read_well(self):
        for count, text in {0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB",
                            1023 << 10: "1023.0 KiB", 5 << 30: "5.0 GiB",
                            3 << 60: "3072.0 PiB"}.items():
            self.assertEqual(brine.values._size(count), text)


if __name__ == "__main__":
    unittest.main()
