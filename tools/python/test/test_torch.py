# SPDX-License-Identifier: Apache-2.0
import pytest

torch = pytest.importorskip("torch")

import exactbn  # noqa: E402


def layer(channels=3, **more):
    torch.manual_seed(1)
    module = torch.nn.BatchNorm2d(channels, **more)
    torch.nn.init.uniform_(module.weight)
    torch.nn.init.uniform_(module.bias)
    return module


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("layout", [torch.contiguous_format,
                                    torch.channels_last])
def test_the_layer(dtype, layout):
    m = layer().to(dtype)
    x = torch.randn(8, 3, 5, 4, dtype=dtype).to(memory_format=layout)
    x.requires_grad_()
    y = m(x)
    dy = torch.randn_like(y)
    dx, dgamma, dbeta = torch.autograd.grad(y, [x, m.weight, m.bias], dy)
    asked = dict(x=x, gamma=m.weight, beta=m.bias, eps=m.eps)
    exactbn.assert_batch_norm(**asked, y=y)
    exactbn.assert_batch_norm(**asked, dy=dy, dx=dx, dgamma=dgamma,
                              dbeta=dbeta)
    zero, one = torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype)
    exactbn.assert_batch_norm(
        **asked, running_mean=zero, running_var=one, momentum=m.momentum,
        new_running_mean=m.running_mean, new_running_var=m.running_var)
    exactbn.assert_batch_norm(
        **asked, running_mean=m.running_mean, running_var=m.running_var,
        training=False, y=m.eval()(x))
    last = x.permute(0, 2, 3, 1)
    exactbn.assert_batch_norm(x=last, channel_axis=-1, y=y.permute(0, 2, 3, 1),
                              gamma=m.weight, beta=m.bias, eps=m.eps)


def test_a_wrong_epsilon():
    m = layer()
    x = torch.randn(8, 3, 5, 4)
    y = (x - x.mean((0, 2, 3), keepdim=True)) / (
        x.std((0, 2, 3), keepdim=True, unbiased=False) + 0.01)
    with pytest.raises(AssertionError, match=r"sqrt\(var\) \+ epsilon"):
        exactbn.assert_batch_norm(x=x, eps=0.01, y=y)
    del m


def test_bf16_and_results_in_torch():
    x = torch.randn(6, 4, 9).to(torch.bfloat16)
    out = exactbn.reference.forward_training(x, epsilon=1e-5, dtype="bf16")
    assert out["y"].dtype == torch.bfloat16 and out["y"].shape == x.shape
    exactbn.assert_batch_norm(x=x, y=out["y"], require="correct")


def test_what_is_no_array():
    x = torch.randn(4, 3, 2, 2)
    for bad, text in ((x.long(), "x: a tensor of torch.int64, expected f64"),
                      (x.to("meta"), "x: a tensor on the device meta"),
                      (x.to_sparse(), "x: a tensor of layout")):
        with pytest.raises(TypeError, match="^" + text):
            exactbn.assert_batch_norm(x=bad, y=x)
    # A view that is negated when it is read.
    z = torch.view_as_complex(torch.randn(4, 3, 2, 2, 2)).conj().imag
    assert z.is_neg()
    out = exactbn.reference.forward_training(z, epsilon=1e-5, dtype="f32")
    again = exactbn.reference.forward_training(z.clone(), epsilon=1e-5,
                                               dtype="f32")
    assert torch.equal(out["mean"], again["mean"])


def test_validate_a_module():
    report = exactbn.validate(torch.nn.BatchNorm2d, dtype="f32,f64", errors=2)
    assert report.passed, report.text
    assert report.json["summary"]["passed"] > 300


class Outside(torch.nn.BatchNorm2d):
    def forward(self, x):
        axes, shape = [0, 2, 3], [1, -1, 1, 1]
        mean = x.mean(axes, keepdim=True)
        std = x.std(axes, keepdim=True, unbiased=False)
        y = (x - mean) / (std + self.eps)
        if self.affine:
            y = y * self.weight.view(shape) + self.bias.view(shape)
        return y


def test_validate_a_wrong_module():
    report = exactbn.validate(
        Outside, operations=["forward_training"], dtypes=["f32"], errors=1,
        outputs={"forward_training": ["y"]})
    assert report.exit_code == 1
    assert "sqrt(var) + epsilon" in report.text
    assert "again  exactbn validate test_torch:Outside" in report.text


def test_arrays_of_questions():
    q = exactbn.cases("forward_training", "bf16", arrays="torch")[0]
    assert q.x.dtype == torch.bfloat16
    q.assert_right(y=exactbn.reference.forward_training(
        q.x, q.gamma, q.beta, epsilon=q.epsilon, channel_axis=q.channel_axis,
        dtype="bf16")["y"])


def test_it_works_before_and_after_torchs_threads():
    x = torch.randn(64, 16, 32, 32)
    before = torch.get_num_threads()
    y = torch.nn.functional.batch_norm(x, None, None, training=True)
    exactbn.assert_batch_norm(x=x, y=y)
    assert torch.get_num_threads() == before
    assert torch.equal(y, torch.nn.functional.batch_norm(
        x, None, None, training=True))


def test_the_readme():
    """Its example prints what it says."""
    import os
    import textwrap
    root = os.path.dirname(os.path.abspath(__file__)) + "/../../.."
    with open(f"{root}/README.md", encoding="utf-8") as file:
        text = file.read()
    code, _, rest = text[text.index("    import exactbn, torch"):].partition(
        "`pytest` prints:")
    names = {}
    exec(textwrap.dedent(code), names)  # pylint: disable=exec-used
    with pytest.raises(AssertionError) as error:
        names["test_batch_norm"]()
    printed = [line[4:] for line in rest.split("\n\n")[1].splitlines()]
    said = str(error.value).strip("\n").splitlines()
    assert printed == ["E       AssertionError:"] + [
        f"E       {line}" for line in said]
