"""brine show --tree: the objects of a payload."""
import pickle
import unittest

from support import CommandTest

SHARED = ["shared"]
VALUE = {"model": {"layers": list(range(100)), "deep": {"deeper": {"deepest": 1}}},
         "first": SHARED, "again": SHARED, "name of it": "caf\u00e9 " * 30, 7: None}
TREE = """\
dict, 5 items
|-- model: dict, 2 items
|   |-- layers: list, 100 items
|   |   |-- [0]: 0
|   |   |-- [1]: 1
|   |   |-- [2]: 2
|   |   `-- ... 97 more
|   `-- deep: dict, 1 item
|       `-- deeper: dict, 1 item ...
|-- first: list, 1 item &1
|   `-- [0]: 'shared'
|-- again: list, 1 item *1
|-- ["name of it"]: 'caf\u00e9 caf\u00e9 caf\u00e9 caf\u00e9 caf\u00e9 caf\u00e9 c...'
`-- [7]: None
"""


class TreeTest(CommandTest):
    def test_a_file_and_a_snapshot_have_the_same_tree(self):
        path = self.file("model.pkl", pickle.dumps(VALUE))
        self.assertEqual(self.ok("show", path, "--tree"), f"{path}: {TREE}")
        self.ok("save", "run", path)
        self.assertEqual(self.ok("show", "run", "--tree"), f"run: {TREE}")

    def test_the_depth_is_chosen(self):
        path = self.file("model.pkl", pickle.dumps([[[1]]]))
        self.assertEqual(self.ok("show", path, "--tree", "--depth", 0),
                         f"{path}: list, 1 item ...\n")
        self.assertIn("[0]: 1\n", self.ok("show", path, "--tree", "--depth", 9))
        self.fails(2, "--depth is of --tree", "show", path, "--depth", 2,
                   hint=f"brine show {path} --depth 2 --tree")
        self.fails(2, "--all is of --tree", "show", path, "--all")
        long = self.file("long.pkl", pickle.dumps(list(range(100))))
        self.assertIn("[99]: 99\n", self.ok("show", long, "--tree", "--all"))
        self.fails(2, "two listings", "show", path, "--tree", "--tensors")
        self.fails(2, "--depth", "show", path, "--tree", "--depth", "deep")

    def test_each_of_several_pickles_has_a_tree(self):
        path = self.file("two.pkl", pickle.dumps(1) + pickle.dumps([2]))
        self.assertEqual(self.ok("show", path, "--tree"),
                         f"{path} [0]: 1\n{path} [1]: list, 1 item\n`-- [0]: 2\n")

    def test_the_document_has_the_rows(self):
        path = self.file("model.pkl", pickle.dumps([2]))
        rows = [{"level": 0, "name": "", "text": "list, 1 item"},
                {"level": 1, "name": "[0]", "text": "2"}]
        self.assertEqual(self.document("show", path, "--tree"),
                         {"schema": "brine.show-tree/1", "file": str(path), "tree": rows})
        self.ok("save", "run", path)
        found = self.document("show", "run", "--tree")
        self.assertEqual(found["tree"], rows)
        self.assertEqual(found["snapshot"], self.document("show", "run")["snapshot"])

    def test_names_from_a_file_do_not_drive_the_terminal(self):
        path = self.file("model.pkl", pickle.dumps({"\x1b[31m": "\x1b[0m"}))
        self.assertNotIn("\x1b", self.ok("show", path, "--tree"))

    def test_what_has_no_objects_is_said(self):
        path = self.file("text", b"no pickle")
        self.fails(12, "text", "show", path, "--tree", hint=f"brine scan {path}")
        self.fails(3, "nowhere", "show", "nowhere", "--tree")


if __name__ == "__main__":
    unittest.main()
