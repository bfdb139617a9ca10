# Two commands do everything: `make run` and `make test`. Both say what they install and why before doing it.
.PHONY: test
test: ; @scripts/test.sh
