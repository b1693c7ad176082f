"""python -m graven"""

import sys

from graven.cli import main

sys.exit(main())
