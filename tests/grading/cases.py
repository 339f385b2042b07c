"""Answers and their tests: honest work, and what is wrong and how that is called.

All of them cross the border without a wall (`tests.grading.loopback`), and ten of each through it.
"""

from course.grading.model.results import Verdict

GIVEN = """
import random
import numpy as np
import torch
from torch import nn

def shared(x):
    return x + 1
"""
HONEST = {
    "number": ("def f(x):\n    return x * x", "assert f(3) == 9\nassert type(f(3)) is int"),
    "value": ("f = {'a': [1, 2.5]}", "assert f == {'a': [1, 2.5]}\nassert f['a'][0] == 1"),
    "tensor": (
        "def f(x):\n    return x.double()",
        "y = f(torch.ones(2))\nassert y.dtype == torch.float64 and y.shape == (2,)",
    ),
    "array": ("f = lambda x: x.sum()", "assert f(np.arange(4)) == 6"),
    "gradient": (
        "def f(m):\n    return sum(p.abs().sum() for p in m.parameters())",
        "m = nn.Linear(2, 2)\n(3 * f(m)).backward()\n"
        "assert torch.equal(m.weight.grad, 3 * m.weight.sign())",
    ),
    "gradient of an input that is computed": (
        "def f(x):\n    return (x**2).sum()",
        "w = torch.ones(3, requires_grad=True)\nf(2 * w).backward()\n"
        "assert torch.equal(w.grad, torch.full((3,), 8.0))",
    ),
    "changed list": ("def f(x):\n    x.append(len(x))", "x = [5]\nf(x)\nassert x == [5, 1]"),
    "changed tensor": ("def f(x):\n    x += 1", "x = torch.zeros(2)\nf(x)\nassert x.sum() == 2"),
    "arguments that share memory": (
        "def f(x, y):\n    x += 1\n    return y",
        "x = torch.zeros(2, 3)\nassert f(x, x.T[1:]).sum() == 4 and x.sum() == 6",
    ),
    "resized argument": (
        "def f(x):\n    x.resize_(3).zero_()",
        "x = torch.ones(2)\nf(x)\nassert x.tolist() == [0, 0, 0]",
    ),
    "tensors of many kinds": (
        "def f(*xs):\n    return [x.to_dense().resolve_conj() for x in xs]",
        "xs = [torch.empty(0), torch.tensor(True), torch.ones(2, dtype=torch.bfloat16),\n"
        "      torch.ones(1).expand(5), torch.eye(2).to_sparse(), torch.tensor([1j]).conj()]\n"
        "for x, y in zip(xs, f(*xs)):\n"
        "    assert y.dtype == x.dtype and torch.equal(y, x.to_dense().resolve_conj())",
    ),
    "returned argument": ("def f(x):\n    return x", "x = torch.ones(1)\nassert f(x) is x"),
    "training": (
        "def f(m, o):\n    m.train()\n    m(torch.ones(1, 2)).sum().backward()\n    o.step()",
        "m = nn.Linear(2, 1).eval()\nbefore = m.weight.clone()\n"
        "f(m, torch.optim.SGD(m.parameters(), lr=1.0))\n"
        "assert m.training and torch.allclose(m.weight, before - 1)\n"
        "assert torch.equal(m.weight.grad, torch.ones(1, 2))",
    ),
    "callback": (
        "def f(g, xs):\n    return [g(x) for x in xs]",
        "seen = []\ndef g(x):\n    seen.append(x)\n    return -x\n"
        "assert f(g, [1, 2]) == [-1, -2]\nassert seen == [1, 2]",
    ),
    "what a callback raises": (
        "def f(g):\n    try:\n        g()\n    except KeyError as e:\n        return e.args",
        "def g():\n    raise KeyError('rate')\nassert f(g) == ('rate',)",
    ),
    "gradient through a callback": (
        "def f(g, x):\n    x = x.clone().requires_grad_()\n"
        "    return torch.autograd.grad(g(x), x)[0]",
        "a = torch.tensor([2.0, 3.0])\n"
        "assert torch.equal(f(lambda x: (a * x * x).sum(), a), 2 * a * a)",
    ),
    "error of a callback": (
        "def f(g):\n    try:\n        g()\n"
        "    except ValueError as error:\n        return str(error)",
        "def g():\n    raise ValueError('no')\nassert f(g) == 'no'",
    ),
    "raised error": (
        "def f(x):\n    raise ValueError('too small')",
        "try:\n    f(1)\nexcept ValueError as error:\n    found = str(error)\n"
        "assert found == 'too small'",
    ),
    "returned function": (
        "def f(k):\n    return lambda x: k * x",
        "g = f(3)\nassert g(4) == 12",
    ),
    "generator function": (
        "def f(n):\n    yield from range(n)",
        "assert list(f(3)) == [0, 1, 2]",
    ),
    "class": (
        "class f:\n    def __init__(self, x):\n        self.x = x\n"
        "    def twice(self):\n        return 2 * self.x",
        "o = f(4)\nassert isinstance(o, f)\nassert o.x == 4 and o.twice() == 8",
    ),
    "truth of an object": (
        "class f:\n    pass",
        "assert f()",
    ),
    "operators between objects": (
        "class f:\n    def __init__(self, x):\n        self.x = x\n"
        "    def __add__(self, other):\n        return f(self.x + other.x)\n"
        "    def __lt__(self, other):\n        return self.x < other.x\n"
        "    def __eq__(self, other):\n        return self.x == other.x\n"
        "    def __repr__(self):\n        return f'f({self.x})'",
        "assert (f(1) + f(2)).x == 3\nassert f(1) == f(1) and f(1) != f(2)\n"
        "assert [o.x for o in sorted([f(2), f(1)])] == [1, 2]\nassert repr(f(1)) == 'f(1)'",
    ),
    "attributes of an object": (
        "class f:\n    def __init__(self):\n        self._x = 1\n"
        "    def more(self):\n        return self._x + 1",
        "o = f()\no._x = 5\nassert o._x == 5 and o.more() == 6\nassert not hasattr(o, 'missing')",
    ),
    "figures": (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nf = plt.plot([1, 2]) and 3",
        "assert f == 3",
    ),
    "module class": (
        "class f(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.layer = nn.Linear(2, 1)\n"
        "    def forward(self, x):\n        return self.layer(x)",
        "net = f()\nassert isinstance(net, nn.Module)\n"
        "assert sum(p.numel() for p in net.parameters()) == 3\n"
        "o = torch.optim.SGD(net.parameters(), lr=0.1)\nx = torch.ones(1, 2)\n"
        "before = net(x)\nbefore.sum().backward()\no.step()\n"
        "assert torch.allclose(net(x), before - 0.3, atol=1e-6)",
    ),
    "own function as an argument": (
        "def f(x, g=None):\n    return x if g is None else g(x) + 1",
        "assert f(1, f) == 2",
    ),
    "given function as an argument": ("def f(g):\n    return g(1)", "assert f(shared) == 2"),
    "keyword arguments": ("def f(x, *, y=2):\n    return x - y", "assert f(y=1, x=5) == 4"),
    "printing": (
        "def f():\n    print('hello')",
        "import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as text:\n    f()\n"
        "assert text.getvalue() == 'hello\\n'",
    ),
    "seed": (
        "def f(n):\n    return torch.randn(n)",
        "torch.manual_seed(3)\nx = f(3)\ntorch.manual_seed(3)\n"
        "assert torch.equal(x, torch.randn(3))",
    ),
    "generator": (
        "def f(g):\n    return torch.rand(3, generator=g)",
        "g = torch.Generator().manual_seed(1)\nassert not torch.equal(f(g), f(g))",
    ),
    "signature": (
        "def f(x, rate=0.5):\n    'Help.'",
        "import inspect\nassert list(inspect.signature(f).parameters) == ['x', 'rate']\n"
        "assert f.__doc__ == 'Help.' and f.__name__ == 'f'",
    ),
    "magic in the test": ("f = 3", "%%time\nassert f == 3"),
    "await in the test": ("f = 3", "import asyncio\nawait asyncio.sleep(0)\nassert f == 3"),
    "magics": ("%time y = 3\nf = lambda: y", "assert f() == 3"),
}

WRONG = {
    "always equal": (
        "class E(int):\n    def __eq__(self, other):\n        return True\n    __hash__ = None\n"
        "def f(x):\n    return E(0)",
        "assert f(3) == 9, 'not nine'",
        Verdict.FAILED,
        "not nine",
    ),
    "detached": (
        "def f(x):\n    return x.detach() * 2",
        "x = torch.ones(1, requires_grad=True)\nassert f(x).requires_grad, 'no gradient'",
        Verdict.FAILED,
        "no gradient",
    ),
    "no value": (
        "f = object()",
        "assert f == 3",
        Verdict.REFUSED,
        "object",
    ),
    "captured": ("f = 4", "%%capture\nassert f == 3, 'no'", Verdict.FAILED, "no"),
    "shown": (
        "f = 4",
        "get_ipython().run_cell('assert f == 3')",
        Verdict.ERROR,
        "AssertionError",
    ),
    "method that is missing": (
        "class f:\n    pass",
        "assert len(f()) == 0",
        Verdict.ERROR,
        "TypeError",
    ),
    "operator with a value": (
        "class f:\n    def __eq__(self, other):\n        return True\n"
        "    __sub__ = __lt__ = __eq__",
        "o = f()\nassert o == 9, 'not nine'",
        Verdict.FAILED,
        "not nine",
    ),
    "missing": ("g = 3", "assert f == 3", Verdict.ERROR, "NameError"),
    "raises": ("def f():\n    return 1 / 0", "assert f() == 1", Verdict.ERROR, "ZeroDivision"),
    "exits": ("import os\nf = lambda: os._exit(0)", "f()", Verdict.CRASHED, "ended its process"),
    "hangs": ("def f():\n    while True: pass", "f()", Verdict.TIMEOUT, "no result within"),
}

# One of each way to cross, and what only a process of its own can do.
HONEST_THROUGH_THE_WALL = (
    "number",
    "tensor",
    "gradient of an input that is computed",
    "changed tensor",
    "training",
    "gradient through a callback",
    "operators between objects",
    "module class",
    "figures",
    "magics",
)
WRONG_THROUGH_THE_WALL = (
    "always equal",
    "no value",
    "captured",
    "detached",
    "method that is missing",
    "operator with a value",
    "missing",
    "raises",
    "exits",
    "hangs",
)
# What ends or delays a process is for the wall alone: there it has a watchdog and a time limit.
ONLY_THROUGH_THE_WALL = ("hangs",)
