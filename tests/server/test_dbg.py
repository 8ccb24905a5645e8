import gc
from tests.server.test_visitors import *
async def test_dbg(uncached):
    p = psutil.Process(uncached.pid); chance = random.Random(3)
    print("start", p.memory_info().rss//10**6, p.num_fds())
    async with Connection(uncached.url) as c:
        for _ in range(300): await c.get("/")
    print("300 whole", p.memory_info().rss//10**6, p.num_fds())
    for i in range(6):
        await storm(uncached, 1500, chance)
        t0=asyncio.get_running_loop().time()
        ok = await asyncio.to_thread(wait_until, lambda: complete(uncached), 10)
        print("storm", i, p.memory_info().rss//10**6, p.num_fds(), p.num_threads(), ok, asyncio.get_running_loop().time()-t0)
    await asyncio.sleep(3)
    print("end", p.memory_info().rss//10**6, p.num_fds())
