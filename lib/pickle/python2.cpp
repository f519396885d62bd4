#include "pickle/python2.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>

namespace brine::pickle {
namespace {

struct Pair {
  std::string_view name2;
  std::string_view name3;
};

struct Renamed {
  std::string_view module2;
  std::string_view name2;
  std::string_view module3;
  std::string_view name3;
};

// All of Lib/_compat_pickle.py of CPython 3.11 that is read back as what was written; facts only.
constexpr Pair modules[] = {
    {"__builtin__", "builtins"},
    {"copy_reg", "copyreg"},
    {"Queue", "queue"},
    {"SocketServer", "socketserver"},
    {"ConfigParser", "configparser"},
    {"repr", "reprlib"},
    {"tkFileDialog", "tkinter.filedialog"},
    {"tkSimpleDialog", "tkinter.simpledialog"},
    {"tkColorChooser", "tkinter.colorchooser"},
    {"tkCommonDialog", "tkinter.commondialog"},
    {"Dialog", "tkinter.dialog"},
    {"Tkdnd", "tkinter.dnd"},
    {"tkFont", "tkinter.font"},
    {"tkMessageBox", "tkinter.messagebox"},
    {"ScrolledText", "tkinter.scrolledtext"},
    {"Tkconstants", "tkinter.constants"},
    {"Tix", "tkinter.tix"},
    {"ttk", "tkinter.ttk"},
    {"Tkinter", "tkinter"},
    {"markupbase", "_markupbase"},
    {"_winreg", "winreg"},
    {"thread", "_thread"},
    {"dummy_thread", "_dummy_thread"},
    {"dbhash", "dbm.bsd"},
    {"dumbdbm", "dbm.dumb"},
    {"dbm", "dbm.ndbm"},
    {"gdbm", "dbm.gnu"},
    {"xmlrpclib", "xmlrpc.client"},
    {"SimpleXMLRPCServer", "xmlrpc.server"},
    {"httplib", "http.client"},
    {"htmlentitydefs", "html.entities"},
    {"HTMLParser", "html.parser"},
    {"Cookie", "http.cookies"},
    {"cookielib", "http.cookiejar"},
    {"BaseHTTPServer", "http.server"},
    {"test.test_support", "test.support"},
    {"commands", "subprocess"},
    {"urlparse", "urllib.parse"},
    {"robotparser", "urllib.robotparser"},
    {"urllib2", "urllib.request"},
    {"anydbm", "dbm"},
    {"_abcoll", "collections.abc"},
};

// Read, never written.
constexpr Pair older_modules[] = {
    {"cPickle", "pickle"},
    {"_elementtree", "xml.etree.ElementTree"},
    {"FileDialog", "tkinter.filedialog"},
    {"SimpleDialog", "tkinter.simpledialog"},
    {"DocXMLRPCServer", "xmlrpc.server"},
    {"SimpleHTTPServer", "http.server"},
    {"CGIHTTPServer", "http.server"},
    {"UserDict", "collections"},
    {"UserList", "collections"},
    {"UserString", "collections"},
    {"whichdb", "dbm"},
    {"StringIO", "io"},
    {"cStringIO", "io"},
};

constexpr Renamed symbols[] = {
    {"__builtin__", "xrange", "builtins", "range"},
    {"__builtin__", "reduce", "functools", "reduce"},
    {"__builtin__", "intern", "sys", "intern"},
    {"__builtin__", "unichr", "builtins", "chr"},
    {"__builtin__", "unicode", "builtins", "str"},
    {"__builtin__", "long", "builtins", "int"},
    {"itertools", "izip", "builtins", "zip"},
    {"itertools", "imap", "builtins", "map"},
    {"itertools", "ifilter", "builtins", "filter"},
    {"itertools", "ifilterfalse", "itertools", "filterfalse"},
    {"itertools", "izip_longest", "itertools", "zip_longest"},
    {"UserDict", "IterableUserDict", "collections", "UserDict"},
    {"UserList", "UserList", "collections", "UserList"},
    {"UserString", "UserString", "collections", "UserString"},
    {"whichdb", "whichdb", "dbm", "whichdb"},
    {"_socket", "fromfd", "socket", "fromfd"},
    {"_multiprocessing", "Connection", "multiprocessing.connection", "Connection"},
    {"multiprocessing.process", "Process", "multiprocessing.context", "Process"},
    {"multiprocessing.forking", "Popen", "multiprocessing.popen_fork", "Popen"},
    {"urllib", "ContentTooShortError", "urllib.error", "ContentTooShortError"},
    {"urllib", "getproxies", "urllib.request", "getproxies"},
    {"urllib", "pathname2url", "urllib.request", "pathname2url"},
    {"urllib", "quote_plus", "urllib.parse", "quote_plus"},
    {"urllib", "quote", "urllib.parse", "quote"},
    {"urllib", "unquote_plus", "urllib.parse", "unquote_plus"},
    {"urllib", "unquote", "urllib.parse", "unquote"},
    {"urllib", "url2pathname", "urllib.request", "url2pathname"},
    {"urllib", "urlcleanup", "urllib.request", "urlcleanup"},
    {"urllib", "urlencode", "urllib.parse", "urlencode"},
    {"urllib", "urlopen", "urllib.request", "urlopen"},
    {"urllib", "urlretrieve", "urllib.request", "urlretrieve"},
    {"urllib2", "HTTPError", "urllib.error", "HTTPError"},
    {"urllib2", "URLError", "urllib.error", "URLError"},
    {"multiprocessing", "AuthenticationError", "multiprocessing.context", "AuthenticationError"},
    {"multiprocessing", "BufferTooShort", "multiprocessing.context", "BufferTooShort"},
    {"multiprocessing", "ProcessError", "multiprocessing.context", "ProcessError"},
    {"multiprocessing", "TimeoutError", "multiprocessing.context", "TimeoutError"},
    {"FileDialog", "FileDialog", "tkinter.filedialog", "FileDialog"},
    {"FileDialog", "LoadFileDialog", "tkinter.filedialog", "LoadFileDialog"},
    {"FileDialog", "SaveFileDialog", "tkinter.filedialog", "SaveFileDialog"},
    {"SimpleDialog", "SimpleDialog", "tkinter.simpledialog", "SimpleDialog"},
    {"DocXMLRPCServer", "ServerHTMLDoc", "xmlrpc.server", "ServerHTMLDoc"},
    {"DocXMLRPCServer", "XMLRPCDocGenerator", "xmlrpc.server", "XMLRPCDocGenerator"},
    {"DocXMLRPCServer", "DocXMLRPCRequestHandler", "xmlrpc.server", "DocXMLRPCRequestHandler"},
    {"DocXMLRPCServer", "DocXMLRPCServer", "xmlrpc.server", "DocXMLRPCServer"},
    {"DocXMLRPCServer", "DocCGIXMLRPCRequestHandler", "xmlrpc.server",
     "DocCGIXMLRPCRequestHandler"},
    {"SimpleHTTPServer", "SimpleHTTPRequestHandler", "http.server", "SimpleHTTPRequestHandler"},
    {"CGIHTTPServer", "CGIHTTPRequestHandler", "http.server", "CGIHTTPRequestHandler"},
};

constexpr Renamed older_symbols[] = {
    {"__builtin__", "basestring", "builtins", "str"},
    {"exceptions", "StandardError", "builtins", "Exception"},
    {"UserDict", "UserDict", "collections", "UserDict"},
    {"socket", "_socketobject", "socket", "SocketType"},
};

constexpr std::string_view exceptions[] = {
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BaseException",
    "BufferError",
    "BytesWarning",
    "DeprecationWarning",
    "EOFError",
    "EnvironmentError",
    "Exception",
    "FloatingPointError",
    "FutureWarning",
    "GeneratorExit",
    "IOError",
    "ImportError",
    "ImportWarning",
    "IndentationError",
    "IndexError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "NameError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PendingDeprecationWarning",
    "ReferenceError",
    "RuntimeError",
    "RuntimeWarning",
    "StopIteration",
    "SyntaxError",
    "SyntaxWarning",
    "SystemError",
    "SystemExit",
    "TabError",
    "TypeError",
    "UnboundLocalError",
    "UnicodeDecodeError",
    "UnicodeEncodeError",
    "UnicodeError",
    "UnicodeTranslateError",
    "UnicodeWarning",
    "UserWarning",
    "ValueError",
    "Warning",
    "ZeroDivisionError",
};

bool is_exception(std::string_view name) {
  return std::find(std::begin(exceptions), std::end(exceptions), name) != std::end(exceptions);
}

const Renamed* find_python2(std::span<const Renamed> rows, const Symbol& symbol) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Renamed& row) {
    return symbol.module == row.module2 && symbol.name == row.name2;
  });
  return found == rows.end() ? nullptr : &*found;
}

const Pair* find_python2(std::span<const Pair> rows, std::string_view module) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Pair& row) { return module == row.name2; });
  return found == rows.end() ? nullptr : &*found;
}

// As CPython writes it, whatever that is read back as.
Symbol written(const Symbol& symbol) {
  for (const Renamed& row : symbols) {
    if (symbol.module == row.module3 && symbol.name == row.name3) {
      return {std::string(row.module2), std::string(row.name2)};
    }
  }
  if (symbol.module == "builtins" && is_exception(symbol.name)) return {"exceptions", symbol.name};
  for (const Pair& row : modules) {
    if (symbol.module == row.name3) return {std::string(row.name2), symbol.name};
  }
  return symbol;
}

}  // namespace

std::optional<Symbol> to_python2(const Symbol& symbol) {
  for (const Symbol& name : {written(symbol), symbol}) {
    if (to_python3(name) == symbol) return name;
  }
  return std::nullopt;
}

Symbol to_python3(const Symbol& symbol) {
  for (const std::span<const Renamed> rows : {std::span<const Renamed>(symbols), {older_symbols}}) {
    if (const Renamed* const row = find_python2(rows, symbol)) {
      return {std::string(row->module3), std::string(row->name3)};
    }
  }
  if (symbol.module == "exceptions" && is_exception(symbol.name)) return {"builtins", symbol.name};
  for (const std::span<const Pair> rows : {std::span<const Pair>(modules), {older_modules}}) {
    if (const Pair* const row = find_python2(rows, symbol.module)) {
      return {std::string(row->name3), symbol.name};
    }
  }
  return symbol;
}

}  // namespace brine::pickle
