# Two commands do everything: `make run` and `make test`. Both say what they install and why before doing it.
# `make bench` prints how fast it is beside what it is meant to be.
.PHONY: bench shots run test check icons lab-up lab-down lab-fault
run:       ; @scripts/run.sh
test:      ; @scripts/test.sh
check:     ; @scripts/check.sh
icons:     ; @scripts/icons.sh
lab-up:    ; @tests/lab/all.sh
lab-down:  ; @tests/lab/down.sh
lab-fault: ; @tests/lab/fault.sh $(NAME) $(TARGET)
bench:     ; @scripts/bench.sh
shots:     ; @scripts/shots.sh
