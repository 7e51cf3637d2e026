"""Writes elements.tsv: the elements of the tensors of this folder's models, as onnx's numpy_helper (1.23.2) has them.

    python make-elements.py > elements.tsv
"""
import onnx, glob, os, numpy as np
from onnx import numpy_helper as nh, external_data_helper as eh
base = os.path.dirname(os.path.abspath(__file__)) + '/'
rows=[]
def dense_bytes(t):
    return nh.from_array(nh.to_array(t, base_dir=base)).raw_data if t.data_type!=onnx.TensorProto.STRING else None
def sparse_bytes(s):
    v=nh.to_array(s.values, base_dir=base).reshape(-1)
    d=np.zeros(int(np.prod(s.dims)),v.dtype)
    if v.size:
        i=nh.to_array(s.indices)
        if i.ndim==2: i=np.ravel_multi_index(i.T,tuple(s.dims))
        d[i]=v
    return nh.from_array(d).raw_data
for f in sorted(glob.glob(base+'*.onnx')):
    m=onnx.load(f,load_external_data=False)
    n=os.path.basename(f)
    def add(name,kind,ty,dims,b):
        if b is None or len(b)>4096: return
        rows.append('\t'.join([n,name.replace('\0','\\0'),kind,str(ty),','.join(map(str,dims)),b.hex()]))
    g=m.graph
    for t in g.initializer: add(t.name,'dense',t.data_type,t.dims,dense_bytes(t))
    for s in g.sparse_initializer: add(s.values.name,'sparse',s.values.data_type,s.dims,sparse_bytes(s))
    for k in g.node:
        for a in k.attribute:
            if a.type==a.TENSOR: add(k.output[0],'dense',a.t.data_type,a.t.dims,dense_bytes(a.t))
            if a.type==a.SPARSE_TENSOR: add(k.output[0],'sparse',a.sparse_tensor.values.data_type,a.sparse_tensor.dims,sparse_bytes(a.sparse_tensor))
print("# What the tensors of each model's main graph are: file, name, kind, data type, extents, elements little-endian as")
print("# raw_data has them, dense. Made with numpy_helper of onnx 1.23.2.")
print('\n'.join(rows))
