"""Makes small checkpoints through compressed-tensors, as llm-compressor saves them, and what they hold.

    make_checkpoints.py FOLDER

Makes those of cases.py that are written by the release that is imported. FOLDER/NAME/checkpoint is the model's
folder; FOLDER/NAME/truth.safetensors the weights that must come back: the dense ones, or, of quantized weights,
what that release itself takes them for.
"""

import contextlib
import io
import json
import pathlib
import shutil
import sys
import warnings

import torch
from safetensors.torch import save_file
from transformers import LlamaConfig, LlamaForCausalLM

import compressed_tensors
from cases import CASES
from compressed_tensors.compressors import ModelCompressor
from compressed_tensors.quantization import (
    QuantizationArgs,
    QuantizationConfig,
    QuantizationScheme,
    apply_quantization_config,
    preset_name_to_scheme,
)
from compressed_tensors.quantization.utils import calculate_qparams

TYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
VERSION = compressed_tensors.__version__
QUANTIZATION_STATUS = "frozen"


def llama(case):
    """A random model of two layers, some of its weights pruned."""
    torch.manual_seed(case.seed)
    config = LlamaConfig(
        vocab_size=512, hidden_size=128, intermediate_size=case.intermediate, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=32, max_position_embeddings=256,
        tie_word_embeddings=case.tied, bos_token_id=1, eos_token_id=2, dtype=TYPES[case.type])
    model = LlamaForCausalLM(config).to(TYPES[case.type]).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Norms of ones would come back right from any initialization.
            parameter.copy_(torch.randn(parameter.shape) * 0.05 + (1 if "norm" in name else 0))
        for name, module in model.named_modules():
            if is_target(name, module) and case.zeros:
                module.weight.copy_(torch.where(kept(module.weight, case.zeros), module.weight, 0))
    return model


def is_target(name, module):
    return isinstance(module, torch.nn.Linear) and name != "lm_head"


def kept(weight, zeros):
    """Which elements pruning leaves."""
    magnitudes = weight.abs().float()
    if zeros == "50%":
        return magnitudes > magnitudes.median()
    groups = magnitudes.reshape(-1, 4)
    mask = torch.zeros_like(groups, dtype=torch.bool).scatter_(1, groups.topk(2, dim=1).indices, True)
    return mask.reshape(weight.shape)


def scheme(arguments, inputs, targets):
    """A scheme of quantization; arguments may be the name of a preset."""
    if isinstance(arguments, str):
        made = preset_name_to_scheme(arguments, targets)
        for part in (made.weights, made.input_activations):
            if part is not None and hasattr(part, "observer") and part.observer is None:
                part.observer = "minmax"
        return made
    return QuantizationScheme(
        targets=targets, weights=QuantizationArgs(**arguments),
        input_activations=None if inputs is None else QuantizationArgs(**inputs))


def quantize(model, case):
    """Puts scales beside the weights, by minimum and maximum."""
    groups = {"group_0": scheme(case.weights, case.inputs, ["Linear"])}
    if case.second is not None:
        groups["group_0"].targets = [r"re:.*mlp.*"]
        groups["group_1"] = scheme(case.second, None, [r"re:.*self_attn\.(q|k|v|o)_proj$"])
    config = QuantizationConfig(
        config_groups=groups, ignore=["lm_head"], quantization_status=QUANTIZATION_STATUS, format="dense")
    apply_quantization_config(model, config)
    with torch.no_grad():
        for module in model.modules():
            if getattr(module, "quantization_scheme", None) is not None:
                observe(module)


def observe(module):
    """The scales and zero points of one layer."""
    arguments = module.quantization_scheme.weights
    weight = module.weight.data
    overall = None
    if str(arguments.strategy) == "tensor_group":
        from compressed_tensors.quantization.utils import generate_gparam
        overall = generate_gparam(weight.float().min(), weight.float().max())
        module.weight_global_scale.data = overall
    if hasattr(module, "weight_g_idx"):
        order = torch.randperm(weight.shape[1])
        index = torch.empty(weight.shape[1], dtype=torch.int32)
        index[order] = (torch.arange(weight.shape[1]) // arguments.group_size).int()
        module.weight_g_idx.data = index
        weight = weight[:, torch.argsort(index.long(), stable=True)]
    scale, zero = calculate_qparams(*extremes(weight, arguments), arguments, overall)
    module.weight_scale.data = scale.to(module.weight_scale.dtype).reshape(module.weight_scale.shape)
    if hasattr(module, "weight_zero_point"):
        module.weight_zero_point.data = zero.to(module.weight_zero_point.dtype).reshape(module.weight_scale.shape)
    for kind in ("input", "output"):
        if hasattr(module, f"{kind}_scale"):
            own = getattr(module, f"{kind}_scale")
            own.data = torch.full_like(own, 0.03125)
        if hasattr(module, f"{kind}_global_scale"):
            own = getattr(module, f"{kind}_global_scale")
            own.data = torch.full_like(own, 384.0)


def extremes(weight, arguments):
    """The least and the greatest weight of each part that shares a scale."""
    strategy = str(getattr(arguments.strategy, "value", arguments.strategy))
    if strategy == "tensor":
        parts = weight.reshape(1, -1)
    elif strategy == "channel":
        parts = weight
    elif strategy in ("group", "tensor_group"):
        parts = weight.reshape(weight.shape[0], -1, arguments.group_size)
    elif strategy == "block":
        rows, columns = arguments.block_structure
        padded = torch.nn.functional.pad(weight, (0, -weight.shape[1] % columns, 0, -weight.shape[0] % rows))
        parts = padded.reshape(padded.shape[0] // rows, rows, padded.shape[1] // columns, columns)
        parts = parts.transpose(1, 2).flatten(2)
    return parts.amin(-1), parts.amax(-1)


def sparsity(model, case):
    """The sparsity part of the configuration."""
    if case.zeros is None or VERSION == "0.20.0":
        return None
    from compressed_tensors.config import SparsityCompressionConfig
    weights = [module.weight for name, module in model.named_modules() if is_target(name, module)]
    total = sum(weight.numel() for weight in weights)
    names = [name for name, module in model.named_modules() if is_target(name, module)]
    made = case.sparse is not None
    return SparsityCompressionConfig.load_from_registry(
        case.sparse or "dense",
        global_sparsity=sum(int((weight == 0).sum()) for weight in weights) / total,
        sparsity_structure={"50%": "unstructured", "2:4": "2:4"}[case.zeros],
        targets=(names if case.by_name else ["Linear"]) if made else [],
        ignore=(["lm_head"] if not case.by_name else []) if made else [])


def truth(model, compressor, case):
    """The weights that a reader must come to."""
    if not case.is_quantized:
        return model.state_dict()
    weights = {name: tensor for name, tensor in model.state_dict().items() if name.rsplit(".", 1)[1] in ("weight", "bias")}
    for name, module in model.named_modules():
        if getattr(module, "quantization_scheme", None) is not None:
            weights[f"{name}.weight"] = dequantized(name, module, compressor, case)
    return weights


def dequantized(name, module, compressor, case):
    """What the library itself takes the quantized weight of a layer for."""
    arguments = module.quantization_scheme
    own = {key: value for key, value in module.named_parameters(recurse=False)}
    chosen = arguments.format
    if VERSION == "0.20.0":
        from compressed_tensors.compressors import BaseCompressor
        library = BaseCompressor.get_value_from_registry(getattr(chosen, "value", chosen))
        return library.decompress(library.compress(own, arguments), arguments)["weight"]
    if chosen == "marlin-24":
        # The library has no reader for it. It casts to F16 and quantizes; so do we, and multiply in F16. Codes are
        # floats there until they are packed, so a zero among them may have lost its sign only then.
        from compressed_tensors.quantization.lifecycle.forward import dequantize, quantize as rounded
        scale = module.weight_scale.to(torch.float16)
        codes = rounded(module.weight.to(torch.float16), scale, module.weight_zero_point, arguments.weights)
        return dequantize(codes.to(torch.int8), scale, module.weight_zero_point, arguments.weights)
    if chosen == "mxfp4-pack-quantized":
        # Until 0.14 there is no reader for it either, and the exponents that are stored are two too small.
        from compressed_tensors.quantization.lifecycle.forward import fake_quantize
        return fake_quantize(module.weight, module.weight_scale, module.weight_zero_point, arguments.weights)
    library = compressor.quantization_compressor[chosen]
    state = {f"{name}.{key}": value for key, value in own.items()}
    packed = library.compress(state, names_to_scheme={name: arguments})
    if compressor.sparsity_compressor is not None and "2:4" in str(case.zeros):
        # Through the sparse writer too: of two int8 values it drops a -128, whose magnitude it takes for -128.
        sparse = compressor.sparsity_compressor
        packed = dict(sparse.decompress_from_state_dict(sparse.compress(packed, compression_targets={name})))
    return library.decompress_module_from_state_dict(name, packed, scheme=arguments)[f"{name}.weight"]


def save(model, folder, case, state=None):
    """The model's folder, in one shard or several."""
    total = sum(tensor.numel() * tensor.element_size() for tensor in (state or model.state_dict()).values())
    size = total // case.shards + 1 if case.shards > 1 else 10**9
    model.save_pretrained(folder, state_dict=state, max_shard_size=size)


def side_files(folder):
    """What lies beside the weights of a real checkpoint."""
    model = {"type": "WordLevel", "vocab": {f"w{i}": i for i in range(512)}, "unk_token": "w0"}
    tokenizer = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                 "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None, "model": model}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, indent=2))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "PreTrainedTokenizerFast"}, indent=2))
    (folder / "special_tokens_map.json").write_text("{}\n")
    (folder / "chat_template.jinja").write_text("{{ messages }}\u2028\n")
    (folder / "recipe.yaml").write_text("default_stage:\n  default_modifiers:\n    SparseGPTModifier: {sparsity: 0.5}\n")
    (folder / "README.md").write_text("---\nlicense: mit\n---\nA checkpoint of a test.\n")


def configure(compressor, folder, case):
    """The library's part of config.json, and the rest as the transformers of its time wrote it."""
    compressor.update_config(folder)
    if VERSION == "0.20.0":
        return
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["torch_dtype"] = config.pop("dtype")
    config["rope_theta"] = config.pop("rope_parameters")["rope_theta"]
    config["rope_scaling"] = None
    config["transformers_version"] = "4.57.1"
    if not case.old_config:
        path.write_text(json.dumps(config, indent=2, sort_keys=True))
        return
    # Until 0.6: another key, and nothing in it but the two parts.
    part = config.pop("quantization_config")
    config["compression_config"] = {key: value for key, value in part.items() if key not in ("version", "quant_method")}
    path.write_text(json.dumps(config, indent=2, sort_keys=True))


def make(case, place):
    """One checkpoint and its truth."""
    model = llama(case)
    if case.is_quantized:
        quantize(model, case)
    part = sparsity(model, case)
    if VERSION == "0.20.0":
        compressor = ModelCompressor.from_pretrained_model(model, quantization_format=case.format)
    elif VERSION == "0.8.1":
        compressor = ModelCompressor.from_pretrained_model(model, sparsity_config=part)
    else:
        compressor = ModelCompressor.from_pretrained_model(
            model, sparsity_config_or_format=part, quantization_format=case.format)
    if VERSION == "0.20.0" and case.is_quantized:
        from compressed_tensors.compressors.format import infer_module_format
        for module in model.modules():
            arguments = getattr(module, "quantization_scheme", None)
            if arguments is not None and arguments.format is None:
                arguments.format = infer_module_format(type(module), arguments)
    expected = {name: tensor.detach().clone().contiguous() for name, tensor in truth(model, compressor, case).items()}
    if case.tied:
        expected.pop("lm_head.weight", None)
    place.mkdir(parents=True)
    save_file(expected, place / "truth.safetensors", metadata={"format": "pt"})

    folder = place / "checkpoint"
    if VERSION == "0.8.1":
        state = {name: tensor for name, tensor in model.state_dict().items() if name in expected}
        save(model, folder, case, compressor.compress(model, state))
    else:
        compressor.compress_model(model)
        save(model, folder, case)
    configure(compressor, folder, case)
    side_files(folder)


def main(place):
    warnings.simplefilter("ignore")
    made = 0
    for case in CASES:
        if case.library != VERSION:
            continue
        shutil.rmtree(place / case.name, ignore_errors=True)
        noise = io.StringIO()
        try:
            with contextlib.redirect_stderr(noise):
                make(case, place / case.name)
        except Exception:
            print(noise.getvalue(), file=sys.stderr)
            raise
        made += 1
    print(f"rescue: compressed-tensors {VERSION} wrote {made} checkpoints")


main(pathlib.Path(sys.argv[1]))
