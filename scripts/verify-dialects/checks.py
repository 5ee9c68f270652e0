"""What the checks of every client begin with: python CLIENT.py HOST:PORT ADMIN_KEY JSON"""

import json
import sys

URL, KEY, PICTURES = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
MODEL = "resnet-cifar10"


def checks_of(client):
    """@returns what says of each thing whether it is so, and ends with the first that is not"""

    def check(name, ok):
        print(f"{client}, {name}: {'ok' if ok else 'FAILED'}")
        if not ok:
            sys.exit(f"{name} failed")

    return check


def refused(call):
    """The status that a call of Triton's client is refused with; None where it is not."""
    from tritonclient.utils import InferenceServerException

    try:
        call()
    except InferenceServerException as error:
        return error.status()
    return None
