"""Keys: the lists of the command line, and its words."""

import implicit_bias as ib
import numpy as np
import pytest
from implicit_bias import _native

KEYS = {key["name"]: key for key in _native.keys()}
OWN = {"out", "init", "json"}


def names(key):
    return KEYS[key]["names"]


def test_every_flag_of_the_help_is_a_key(program):
    text = program("train", "--help")
    words = {word.strip("[],.:") for word in text.split()}
    flags = {word[2:].split("=")[0].split("[")[0] for word in words if word.startswith("--")}
    spelled = {name.replace("_", "-") for key in KEYS.values() for name in [key["name"], *key["aliases"]]}
    assert spelled - flags == set()
    assert {"width", "optimizer", "gamma", "lr", "polyak-factor"} <= spelled


@pytest.mark.parametrize("name", sorted(KEYS.keys() - OWN))
def test_every_key_is_known_and_its_value_is_looked_at(name):
    class Thing:
        pass

    with pytest.raises(ValueError, match=f"^{name}: expected one value, found an object of type Thing"):
        ib.train(**{name: Thing()})
    if KEYS[name]["kind"] not in ("text", "label", "path"):
        with pytest.raises(ValueError, match=f"^{name}: expected .*, found `no such`"):
            ib.train(**{name: "no such"})


@pytest.mark.parametrize("network", names("network"))
def test_every_network_trains(network):
    # Sentences have no dimension of their own.
    keys = {} if network == "transformer" else dict(dim=30)
    if network == "multi-class":
        keys = dict(X=np.eye(4, 9), y=[0, 1, 2, 0], classes="0,1,2")
    run = ib.train(network=network, steps=5, **keys)
    assert run.steps[-1] == 5 and run.weights


@pytest.mark.parametrize("optimizer", names("optimizer"))
def test_every_optimizer_trains(optimizer):
    keys = dict(network="transformer") if optimizer == "two-stage" else dict(network="linear", dim=30)
    assert ib.train(optimizer=optimizer, steps=5, **keys).steps[-1] == 5


@pytest.mark.parametrize("loss", names("loss"))
def test_every_loss_trains(loss):
    assert ib.train(network="linear", loss=loss, dim=30, steps=2).steps[-1] == 2


@pytest.mark.parametrize("activation", names("activation"))
def test_every_activation_trains(activation):
    assert ib.train(activation=activation, width=3, dim=50, steps=5).steps[-1] == 5


@pytest.mark.parametrize("keys", [
    dict(slope=2.0),
    dict(width=0),
    dict(steps=0.5),
    dict(network="deep", width=-3),
    dict(loss="no-loss"),
    dict(activation="relu", slope=0.1),
    dict(step_offset=3.0),
    dict(optimizer="adam", beta1=1.5),
    dict(network="linear", engine="gram", optimizer="sgd"),
    dict(data="nowhere.npz"),
    dict(label_file="y.npy"),
], ids=str)
def test_errors_have_the_words_of_the_command_line(tmp_path, program, keys):
    lines = "\n".join(f"{name} = {value!r}" for name, value in keys.items())
    (tmp_path / "run.toml").write_text(lines)
    said = program("train", tmp_path / "run.toml", "--out", tmp_path / "out", code=2)
    with pytest.raises(ValueError) as error:
        ib.train(**keys)
    said = said.strip().removeprefix("error: ").removeprefix(f"{tmp_path / 'run.toml'}: ")
    said = said.replace(f"{tmp_path}/", "")
    for name in keys:
        # Keys are spelled as arguments are.
        said = said.replace(f"{name.replace('_', '-')}: expected", f"{name}: expected")
    assert str(error.value) == said.replace("--", "").replace("label-file", "label_file")


def test_an_unknown_key_is_told_and_what_was_meant():
    with pytest.raises(ValueError, match="unknown field `widht`; did you mean `width`\\? expected one of"):
        ib.train(widht=3)
    with pytest.raises(ValueError, match="`grid` is a key of a sweep"):
        ib.train(grid=3)
    with pytest.raises(ValueError, match="key `step_size` is given twice"):
        ib.train(step_size=0.1, eta=0.2)
    with pytest.raises(ValueError, match="json: expected no such key"):
        ib.train(json=True)


def test_messages_spell_keys_as_arguments():
    with pytest.raises(ValueError, match="did you mean `step_size`\\? expected one of .*`label_file`"):
        ib.train(stepsize=0.1)
    with pytest.raises(ValueError, match='found 0 and 1; to read 0 as -1, pass labels="zero-one"$'):
        ib.train(np.eye(2, 5), [0, 1])
    with pytest.raises(ValueError, match="^step_size: expected a positive"):
        ib.train(step_size=-1)
    # What is no name of a key stays as it is.
    with pytest.raises(ValueError, match="^/no/step-size/x.npz: "):
        ib.train("/no/step-size/x.npz")


def test_data_are_one_of_arrays_a_file_and_a_law():
    X, y = np.eye(2, 5), [1, -1]
    with pytest.raises(ValueError, match="data: expected no other data beside X, y, found synthetic"):
        ib.train(X, y, synthetic="mixture")
    with pytest.raises(ValueError, match="data: expected no arrays beside the file"):
        ib.train("file.npz", y)
    with pytest.raises(ValueError, match="X: expected an array of numbers, found one of <U1"):
        ib.train([["a", "b"]], [1])
    with pytest.raises(ValueError, match="y"):
        ib.train(X)
    with pytest.raises(ValueError):
        ib.train(X * np.nan, y)


def test_values_may_be_of_numpy_and_large():
    keys = dict(dim=np.int64(30), width=np.int32(2), slope=np.float64(0.5), steps=10**300)
    assert ib.train(**keys).steps[-1] == 1e300
    assert ib.train(centre=True, seed=np.uint8(3), dim=30, width=2, steps=10).settings["centre"] is True
    assert ib.train(slope=None, dim=30, width=2, steps=10).settings["slope"] == 0.1


def test_a_key_is_explained_as_the_command_line_does(program):
    assert ib.explain("network", "linear") == program("help", "network", "linear")
    with pytest.raises(ValueError, match="network: expected one of"):
        ib.explain("network", "none")
