; The few functions by which numba's compiled code asks for memory, over malloc and free alone, so
; that the library stands by itself. A block of memory begins with: count of references,
; destructor, what the destructor needs to know, address, size, allocator (always null here).

declare noalias ptr @malloc(i64)
declare void @free(ptr)

define internal void @describe(ptr %block, ptr %data, i64 %size, ptr %destructor, ptr %knows) {
  store i64 1, ptr %block
  %destructor.at = getelementptr i8, ptr %block, i64 8
  store ptr %destructor, ptr %destructor.at
  %knows.at = getelementptr i8, ptr %block, i64 16
  store ptr %knows, ptr %knows.at
  %data.at = getelementptr i8, ptr %block, i64 24
  store ptr %data, ptr %data.at
  %size.at = getelementptr i8, ptr %block, i64 32
  store i64 %size, ptr %size.at
  %allocator.at = getelementptr i8, ptr %block, i64 40
  store ptr null, ptr %allocator.at
  ret void
}

define noalias ptr @NRT_Allocate(i64 %size) {
  %data = call ptr @malloc(i64 %size)
  ret ptr %data
}

define void @NRT_Free(ptr %data) {
  call void @free(ptr %data)
  ret void
}

define noalias ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 %alignment) {
entry:
  %align = zext i32 %alignment to i64
  %head = add i64 %align, 48
  %total = add i64 %size, %head
  %block = call ptr @malloc(i64 %total)
  %failed = icmp eq ptr %block, null
  br i1 %failed, label %done, label %place
place:
  %address = ptrtoint ptr %block to i64
  %behind = add i64 %address, 47
  %reach = add i64 %behind, %align
  %mask = sub i64 0, %align
  %aligned = and i64 %reach, %mask
  %data = inttoptr i64 %aligned to ptr
  call void @describe(ptr %block, ptr %data, i64 %size, ptr null, ptr null)
  br label %done
done:
  ret ptr %block
}

define noalias ptr @NRT_MemInfo_alloc(i64 %size) {
  %block = call ptr @NRT_MemInfo_alloc_aligned(i64 %size, i32 16)
  ret ptr %block
}

define noalias ptr @NRT_MemInfo_new_varsize_dtor(i64 %size, ptr %items) {
entry:
  %data = call ptr @malloc(i64 %size)
  %failed = icmp eq ptr %data, null
  br i1 %failed, label %none, label %head
head:
  %block = call ptr @malloc(i64 48)
  %short = icmp eq ptr %block, null
  br i1 %short, label %back, label %place
place:
  call void @describe(ptr %block, ptr %data, i64 %size, ptr @release, ptr %items)
  ret ptr %block
back:
  call void @free(ptr %data)
  br label %none
none:
  ret ptr null
}

define internal void @release(ptr %data, i64 %size, ptr %items) {
entry:
  %plain = icmp eq ptr %items, null
  br i1 %plain, label %last, label %each
each:
  call void %items(ptr %data)
  br label %last
last:
  call void @free(ptr %data)
  ret void
}

define void @NRT_MemInfo_call_dtor(ptr %block) {
entry:
  %destructor.at = getelementptr i8, ptr %block, i64 8
  %destructor = load ptr, ptr %destructor.at
  %none = icmp eq ptr %destructor, null
  br i1 %none, label %last, label %destroy
destroy:
  %knows.at = getelementptr i8, ptr %block, i64 16
  %knows = load ptr, ptr %knows.at
  %data.at = getelementptr i8, ptr %block, i64 24
  %data = load ptr, ptr %data.at
  %size.at = getelementptr i8, ptr %block, i64 32
  %size = load i64, ptr %size.at
  call void %destructor(ptr %data, i64 %size, ptr %knows)
  br label %last
last:
  call void @free(ptr %block)
  ret void
}
